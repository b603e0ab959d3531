"""What machine is this: name, serial number, model, user; and does its name follow the agreed pattern?"""

from scorecard.topic import Topic

from . import facts, rules

TOPIC = Topic.from_folder(
    __file__,
    id="inventory",
    title="Inventory",
    parse=facts.parse,
    rules=rules,
    portray=facts.portray,
)
