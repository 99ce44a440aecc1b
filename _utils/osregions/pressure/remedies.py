"""Every verdict on memcached's size by its code: what it says, and what an operator can do about it."""

from __future__ import annotations

from collections.abc import Mapping

from osregions.reach.remedies import Remedy

TOO_SMALL, FINE, WASTEFUL, UNKNOWN = "too small", "fine", "wasteful", "unknown"
VERDICTS = (TOO_SMALL, FINE, WASTEFUL, UNKNOWN)

VERDICT_OF: Mapping[str, str] = {
    "connections": TOO_SMALL,
    "no_room": TOO_SMALL,
    "evicts_tokens": TOO_SMALL,
    "evicts_live": TOO_SMALL,
    "uneven": TOO_SMALL,
    "beyond_machine": WASTEFUL,
    "spare": WASTEFUL,
    "well": FINE,
    "full": FINE,
    "evicts_idle": FINE,
    "touched_late": FINE,
    "idle": UNKNOWN,
    "too_soon": UNKNOWN,
    "restarted": UNKNOWN,
    "reset": UNKNOWN,
    "no_counters": UNKNOWN,
    "no_answer": UNKNOWN,
}
REMEDIES: Mapping[str, Remedy] = {
    "connections": Remedy(
        "memcached refused connections, or kept them waiting, {refused} times in {seconds:.0f} s: {connections}",
        "raise how many it takes, MAXCONN in /etc/sysconfig/memcached or -c in /etc/memcached.conf, and restart it: up"
        " to Newton that signs everybody out",
    ),
    "no_room": Remedy(
        "memcached turned away {turned_away} items in {seconds:.0f} s, for it had no room, and evicts nothing",
        "give it {proposed} MB: {command}",
    ),
    "evicts_tokens": Remedy(
        "{evictions} items that had not run out had to go in {seconds:.0f} s, the last one used {age} s before;"
        " keystone keeps its tokens here, and who loses one is signed out",
        "give it {proposed} MB: {command}",
    ),
    "evicts_live": Remedy(
        "{evictions} items that had not run out had to go in {seconds:.0f} s, the last one used {age} s before, and up"
        " to {missed} of {gets} that were asked for were missed for that",
        "give it {proposed} MB: {command}",
    ),
    "uneven": Remedy(
        "{evictions} items that had not run out had to go in {seconds:.0f} s, while {spare} MB lie unused in classes of"
        " other sizes",
        "restart it, which shares its memory out anew, and up to Newton signs everybody out; before 1.5 give it"
        " -o slab_reassign,slab_automove as well",
    ),
    "beyond_machine": Remedy(
        "memcached may grow to {size} MB, and this machine can give it {room} MB: filled, it would be swapped out or"
        " killed",
        "give it {proposed} MB: {command}",
    ),
    "spare": Remedy(
        "memcached may hold {size} MB and never took more than {held:.0f} MB since it was started {uptime:.0f} s ago;"
        " the rest costs nothing until something else counts on it",
        "{proposed} MB would do: {command}",
    ),
    "well": Remedy("nothing had to go in {seconds:.0f} s, and {held:.0f} of {size} MB are taken"),
    "full": Remedy(
        "nothing had to go in {seconds:.0f} s, and all of {size} MB is taken: items that run out make room for new ones"
    ),
    "evicts_idle": Remedy(
        "{evictions} items had to go in {seconds:.0f} s, and nobody missed them: the last one was used {age} s before,"
        " of use for {live:.0f} s, and at most {missed} of {gets} that were asked for were missed for that"
    ),
    "touched_late": Remedy(
        "touch_misses rose by {touch_misses} in {seconds:.0f} s, and nothing had to go: these items had run out or"
        " never were, and a larger cache would not have them either"
    ),
    "idle": Remedy("nobody used memcached for {seconds:.0f} s", "look again when people work"),
    "too_soon": Remedy("the two readings are {seconds:.1f} s apart, which tells nothing", "leave a second at least"),
    "restarted": Remedy(
        "memcached was started {uptime:.0f} s ago, between the two readings, and is still filling", "look again later"
    ),
    "reset": Remedy("memcached's counters were set back between the two readings", "look again"),
    "no_counters": Remedy("this memcached ({version}) does not count what it evicts", "look at it by other means"),
    "no_answer": Remedy(
        "memcached does not answer ({problem})", "systemctl status memcached; salt-call keystone_tokens.memcached"
    ),
}
# In place of a larger size, where the machine has no memory for one.
MACHINE_FULL = (
    "this machine has {room} MB that memcached may take in all: give it memory, or let other machines share the load"
)
COMMAND = "salt-call memcached_pressure.resize {proposed} test=True"
