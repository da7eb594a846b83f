"""ADM-1: who may call what, written by hand. The chain is asked, and must say the same.

Each entry names whom the contract does not turn away, the role it asks for, and whether that
takes the delay of the timelock.
"""

from typing import Final, NamedTuple


class Right(NamedTuple):
    who: tuple[str, ...]
    role: str = ""
    waits: bool = False


ANYONE: Final = Right(("anyone",))
NOBODY: Final = Right(("nobody",))
OWNER: Final = Right(("owner of account",))
OWNER_OR_KEY: Final = Right(("owner of account", "trading key of account"))
# The timelock itself, and through it the governor.
GOVERNOR: Final = Right(("Timelock",), "Manager.GOVERNOR", waits=True)
ADMIN: Final = Right(("Timelock",), "Manager.ADMIN", waits=True)
ITSELF: Final = Right(("Timelock",), waits=True)
# Only the manager, on behalf of the timelock.
BY_MANAGER: Final = Right(("Manager",), "Manager.ADMIN", waits=True)
GUARDIAN: Final = Right(("guardian",), "Manager.GUARDIAN")
PROPOSER: Final = Right(("governor",), "Timelock.PROPOSER_ROLE")
EXECUTOR: Final = Right(("governor",), "Timelock.EXECUTOR_ROLE")
CANCELLER: Final = Right(("governor", "guardian"), "Timelock.CANCELLER_ROLE")
TIMELOCK_ADMIN: Final = Right(("Timelock",), "Timelock.DEFAULT_ADMIN_ROLE", waits=True)


def only(contract: str) -> Right:
    return Right((contract,))


MATRIX: Final[dict[str, dict[str, Right]]] = {
    "PriceFeed": {
        "post": ANYONE,
        "setPublishers": GOVERNOR,
        "addPublisher": GOVERNOR,
        "removePublisher": GOVERNOR,
        "setGuards": GOVERNOR,
        "setAuthority": BY_MANAGER,
    },
    "SequencerWatch": {"beat": ANYONE},
    "WithdrawalQueue": {
        "push": only("PerpPositions"),
        "pop": only("CollateralVault"),
        "setAside": only("CollateralVault"),
        "settleAside": only("CollateralVault"),
        "admit": ANYONE,
        "announceGuard": OWNER,
        "applyGuard": OWNER,
        "withdrawGuardChange": OWNER,
        "shutGate": ANYONE,
        "lift": only("EscapeHatch"),
        "setDelay": GOVERNOR,
        "setOutflow": GOVERNOR,
        "setAuthority": BY_MANAGER,
    },
    "CollateralVault": {
        "take": only("PerpPositions"),
        "payShare": only("EscapeHatch"),
        "pay": only("CollateralVault"),
        "release": ANYONE,
        "claim": ANYONE,
        "claimTo": Right(("recipient of ticket",)),
    },
    "FundingIndex": {
        "accrue": ANYONE,
        "prepare": ANYONE,
        "refresh": ANYONE,
        "listMarket": GOVERNOR,
        "setMargins": GOVERNOR,
        "setFees": GOVERNOR,
        "setLimits": GOVERNOR,
        "setTerms": GOVERNOR,
        "pause": GUARDIAN,
        "setAuthority": BY_MANAGER,
    },
    "PerpPositions": {
        "register": ANYONE,
        "deposit": ANYONE,
        "depositWithPermit": ANYONE,
        "sweep": ANYONE,
        "collectFees": ANYONE,
        "setSigner": OWNER,
        "requestWithdrawal": Right(("ExitDesk", "owner of account")),
        "transfer": Right(("owner of from",)),
        "cancel": OWNER_OR_KEY,
        "cancelAll": OWNER_OR_KEY,
        "settle": only("operator"),
        "move": Right(("Liquidations", "ExitDesk")),
        "setFilled": only("ExitDesk"),
        "freeze": only("EscapeHatch"),
        "setMarket": only("FundingIndex"),
        "beginPeriod": only("FundingIndex"),
        "setOpenInterestCap": only("FundingIndex"),
        "setSettings": Right(("Manager",), "Manager.GOVERNOR", waits=True),
    },
    "InsuranceFund": {
        "cover": only("Liquidations"),
        "withdraw": GOVERNOR,
        "withdrawResidual": GOVERNOR,
        "setLossCap": GOVERNOR,
        "setReserve": GOVERNOR,
        "setAuthority": BY_MANAGER,
    },
    "ExitDesk": {
        # The owner's signature decides; the operator's first turn is a matter of time.
        "request": ANYONE,
        "carry": ANYONE,
        "executeWithdrawal": ANYONE,
        "executeClose": ANYONE,
        "acknowledge": ANYONE,
        # Of one's own credit.
        "collect": ANYONE,
        "revoke": OWNER,
        "forceWithdrawal": OWNER,
        "forceClose": OWNER,
        "drop": Right(("owner of request",)),
    },
    "EscapeHatch": {
        "look": ANYONE,
        "freezeSilent": ANYONE,
        "freezeIgnored": ANYONE,
        "tally": ANYONE,
        "escape": OWNER,
        "payResidual": only("InsuranceFund"),
    },
    "Liquidations": {
        "takeOver": Right(("owner of by", "trading key of by")),
        "deleverage": ANYONE,
    },
    "Manager": {
        # For whoever has the role that the function asks for; the one that is tried is the admin's.
        "execute": ITSELF,
        "grantRole": ADMIN,
        "revokeRole": ADMIN,
        "labelRole": ADMIN,
        "setRoleAdmin": ADMIN,
        "setRoleGuardian": ADMIN,
        "setGrantDelay": ADMIN,
        "setTargetFunctionRole": ADMIN,
        "setTargetAdminDelay": ADMIN,
        "setTargetClosed": ADMIN,
        "updateAuthority": ADMIN,
        # Each call in it is made as its caller.
        "multicall": ANYONE,
        # Of one's own role.
        "renounceRole": ANYONE,
        # No role has a delay in the manager, so nothing is ever scheduled there.
        "schedule": NOBODY,
        "consumeScheduledOp": NOBODY,
        "cancel": ANYONE,
    },
    "Timelock": {
        "schedule": PROPOSER,
        "scheduleBatch": PROPOSER,
        "execute": EXECUTOR,
        "executeBatch": EXECUTOR,
        "cancel": CANCELLER,
        "grantRole": TIMELOCK_ADMIN,
        "revokeRole": TIMELOCK_ADMIN,
        "updateDelay": ITSELF,
        "renounceRole": ANYONE,
        # Tokens that are sent to it stay there until an operation moves them.
        "onERC721Received": ANYONE,
        "onERC1155Received": ANYONE,
        "onERC1155BatchReceived": ANYONE,
    },
}
