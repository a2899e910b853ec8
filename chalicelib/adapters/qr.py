"""QR codes (ISO/IEC 18004) as pictures that a page takes without asking for them."""


def picture(text: str) -> str:
    """The address of an SVG that holds itself (a data URI), with the quiet zone that scanners need.

    Level M: up to 15 % of it may be hidden, by a scratched screen or a thumb.
    """
    import segno

    return str(segno.make(text, error="m", micro=False).svg_data_uri(scale=4, border=4))
