"""The size of what is uploaded to AWS."""

import zipfile

from infra.package import BUILD, build
from tests.benchmarks.figures import Figure, Section

METHOD = "The package of the production stage, with the bytecode that is made for it."


def measure() -> Section:
    """The zip, and what Lambda unpacks of it."""
    path = build("prod", BUILD / "prod").template.parent / "deployment.zip"
    with zipfile.ZipFile(path) as archive:
        files = archive.infolist()
    ours = ("app.py", "chalicelib/")
    return Section(
        "Package",
        METHOD,
        (
            Figure("zip", path.stat().st_size / 1e6, "MB"),
            Figure("unzipped", sum(each.file_size for each in files) / 1e6, "MB"),
            Figure(
                "of it our own code",
                sum(each.file_size for each in files if each.filename.startswith(ours)) / 1e6,
                "MB",
            ),
            Figure("files", len(files), ""),
        ),
    )
