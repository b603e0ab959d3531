"""Is the operating system still supported by its maker, and for how long?"""

from scorecard.topic import Topic

from . import facts, rules
from .table import FILE

TOPIC = Topic.from_folder(
    __file__,
    id="os-support",
    title="Supported operating system",
    parse=facts.parse,
    rules=rules,
    traits=rules.traits,
    data_files=(FILE,),
)
