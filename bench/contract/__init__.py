"""The laws of every kind of plugin, as checks that a plugin's own tests can call.

    from bench.contract import check_strategy
    def test_my_strategy() -> None:
        check_strategy(MyStrategy())

Each check raises ContractError with the law that was broken; a combination that the plugin refuses is not checked.
"""

from bench.contract.laws import check_record, law
from bench.contract.others import check_dataset, check_learner, check_net
from bench.contract.strategy import check_strategy

__all__ = ["check_dataset", "check_learner", "check_net", "check_record", "check_strategy", "law"]
