"""What only a node can be told: to send for somebody whose key is elsewhere, and ether with it."""

from penstock.remote import Remote


def force(remote: Remote, function: str, owner: str, *arguments: object) -> None:
    """Have the owner of an account file a forced request, and pay the cap for it."""
    rpc, desk = remote.rpc, remote.desk
    data = "0x" + desk.encode(function, *arguments).hex()
    value = hex(int(desk.ask("FEE_CAP")))
    rpc.call("anvil_setBalance", owner, hex(10**20))
    rpc.call("anvil_impersonateAccount", owner)
    call = {"from": owner, "to": desk.address, "data": data, "value": value}
    rpc.call("eth_sendTransaction", call)
    rpc.call("evm_mine")
    rpc.call("anvil_stopImpersonatingAccount", owner)
