"""Who may do what, written down a second time: tests hold the rules and the whole interface to it.

Nothing here is taken from `services.access`, so that a rule that is wrong there differs from this.
"""

from collections.abc import Mapping

from chalicelib.services.access import Action

NOBODY = "nobody"
PERSON = "a person"  # in their session, as the next three are
PARTNER = "a partner"
HOST = "a host"
ADMIN = "an admin"
READER = "a system that reads what is free"  # by its key, as the next two are
BOOKER = "a system that books for people"
SYSTEM = "a system that does what hosts do"
HOST_S_KEY = "a host's own key"
ADMIN_S_KEY = "an admin's own key"
LINK = "a booking's link"  # whoever shows the token of a manage link
SIGNUP_LINK = "a sign-up's link"
ASKERS = (
    *(NOBODY, PERSON, PARTNER, HOST, ADMIN),
    *(READER, BOOKER, SYSTEM, HOST_S_KEY, ADMIN_S_KEY, LINK, SIGNUP_LINK),
)
IN_A_SESSION = frozenset({PERSON, PARTNER, HOST, ADMIN})
HOSTS = frozenset({HOST, ADMIN, SYSTEM, HOST_S_KEY, ADMIN_S_KEY})
LINKS = frozenset({LINK, SIGNUP_LINK})
OWNERS = frozenset({PERSON, PARTNER, BOOKER, LINK})  # who have bookings, and see no others
HAVE_SIGNUPS = frozenset({PERSON, PARTNER, BOOKER, SIGNUP_LINK})
EVERYBODY = frozenset(ASKERS)

WHO: Mapping[Action, frozenset[str]] = {
    Action.LOOK: EVERYBODY - LINKS,
    Action.ENTER: EVERYBODY - {READER, BOOKER},
    Action.BOOK: EVERYBODY - {READER} - LINKS,
    Action.CONFIRM: EVERYBODY - {READER},
    Action.USE_SPACE: EVERYBODY,
    Action.READ_BOOKING: OWNERS | HOSTS,
    Action.CHANGE_BOOKING: OWNERS | HOSTS,
    Action.CANCEL_BOOKING: OWNERS | HOSTS,
    Action.READ_SIGNUP: HAVE_SIGNUPS | HOSTS,
    Action.CHANGE_SIGNUP: HAVE_SIGNUPS | HOSTS,
    Action.OWN: IN_A_SESSION,
    Action.RUN: HOSTS,
    Action.SEE_PEOPLE: HOSTS,
    Action.INVITE: HOSTS,
    Action.AUDIT: HOSTS,
    Action.GRANT: frozenset({ADMIN}),
}
ONLY_THEIR_OWN: Mapping[Action, frozenset[str]] = {
    Action.READ_BOOKING: OWNERS,
    Action.CHANGE_BOOKING: OWNERS,
    Action.CANCEL_BOOKING: OWNERS,
    Action.READ_SIGNUP: HAVE_SIGNUPS,
    Action.CHANGE_SIGNUP: HAVE_SIGNUPS,
    Action.OWN: IN_A_SESSION,
}
# Of whom a space is for, who finds that there is one; whoever has not said who they are is either.
FINDS: Mapping[str, frozenset[str]] = {
    "employee": EVERYBODY - {PARTNER},
    "partner": EVERYBODY - {PERSON},
    "nobody else": HOSTS,
}


def allowed(action: Action, who: str, *, own: bool = True) -> bool:
    """Whether somebody may do something, to their own thing or to one of somebody else's."""
    return who in WHO[action] and (own or who not in ONLY_THEIR_OWN.get(action, frozenset()))
