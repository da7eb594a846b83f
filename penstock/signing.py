"""EIP-712 digests by fixed layout, compact signatures, and the signers they come from.

A digest is keccak256(0x1901 · domain separator · keccak256(type hash · fields in 32-byte words)).
The layout of each type is written out once, here; tests pin it with digests of another program.
"""

from struct import Struct, pack
from typing import Any, Final

from coincurve import GLOBAL_CONTEXT, PrivateKey, _libsecp256k1
from coincurve._libsecp256k1 import ffi, lib
from coincurve.flags import EC_UNCOMPRESSED
from sha3 import keccak_256

from penstock.errors import (
    BackendError,
    KeyFormatError,
    RangeError,
    SignatureError,
)
from penstock.messages import (
    SIGNATURE_BYTES,
    Cancel,
    Ladder,
    Order,
    Report,
    SignedCancel,
    SignedLadder,
    SignedOrder,
    SignedReport,
    SignedWithdrawal,
    Withdrawal,
    address_bytes,
    validate_cancel,
    validate_ladder,
    validate_order,
    validate_report,
    validate_withdrawal,
)

DOMAIN_TYPE: Final = (
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
ORDER_TYPE: Final = (
    "Order(uint32 account,uint16 market,bool buy,bool immediate,bool postOnly,bool reduceOnly,"
    "uint32 price,uint32 size,uint32 expiry,uint40 nonce)"
)
LADDER_TYPE: Final = (
    "Ladder(uint32 account,uint16 market,bool buy,bool postOnly,bool reduceOnly,"
    "uint32 expiry,uint40 nonce,uint32[] prices,uint32[] sizes)"
)
CANCEL_TYPE: Final = "Cancel(uint32 account,uint40 nonce)"
REPORT_TYPE: Final = "Report(uint16 market,uint32 price,uint32 time)"
WITHDRAWAL_TYPE: Final = (
    "Withdrawal(uint32 account,address recipient,uint256 amount,uint64 nonce,uint256 deadline)"
)
NAME: Final = "Penstock"
VERSION: Final = "1"

# One 32-byte word a field: `x` pads with zeros in front of the big-endian value.
_ORDER: Final = Struct(">32s28xI30xH31x?31x?31x?31x?28xI28xI28xI24xQ")
_LADDER: Final = Struct(">32s28xI30xH31x?31x?31x?28xI24xQ32s32s")
_CANCEL: Final = Struct(">32s28xI24xQ")
_REPORT: Final = Struct(">32s30xH28xI28xI")
_WITHDRAWAL: Final = Struct(">32s28xI12x20s32s24xQ32s")

_CTX: Final = GLOBAL_CONTEXT.ctx
_SIGNATURE: Final = ffi.typeof("secp256k1_ecdsa_recoverable_signature *")
_POINT: Final = ffi.typeof("secp256k1_pubkey *")
_PUBLIC: Final = ffi.typeof("unsigned char[65]")
_SIZE: Final = ffi.typeof("size_t *")


def keccak(data: bytes) -> bytes:
    """Hash with Keccak-256, as the chain does."""
    digest: bytes = keccak_256(data).digest()
    return digest


_ORDER_HASH: Final = keccak(ORDER_TYPE.encode())
_LADDER_HASH: Final = keccak(LADDER_TYPE.encode())
_CANCEL_HASH: Final = keccak(CANCEL_TYPE.encode())
_REPORT_HASH: Final = keccak(REPORT_TYPE.encode())
_WITHDRAWAL_HASH: Final = keccak(WITHDRAWAL_TYPE.encode())


class Domain:
    """Where a signature counts: a chain id and a verifying contract.

    Orders, ladders and cancels are verified by PerpPositions, reports by PriceFeed, withdrawals by
    ExitDesk. Digests are taken of messages that were validated; a field that does not fit its width
    raises struct.error.
    """

    __slots__ = ("_prefix", "chain_id", "contract", "separator")

    def __init__(self, chain_id: int, contract: str | bytes) -> None:
        if not 0 < chain_id < 2**256:
            raise RangeError("chain id", chain_id, 1, 2**256 - 1)
        self.chain_id: Final = chain_id
        self.contract: Final = address_bytes("contract", contract)
        words = (
            keccak(DOMAIN_TYPE.encode()),
            keccak(NAME.encode()),
            keccak(VERSION.encode()),
            chain_id.to_bytes(32, "big"),
            bytes(12) + self.contract,
        )
        self.separator: Final = keccak(b"".join(words))
        self._prefix: Final = b"\x19\x01" + self.separator

    def order_digest(self, order: Order) -> bytes:
        """Hash an order for signing."""
        words = _ORDER.pack(
            _ORDER_HASH,
            order.account,
            order.market,
            order.buy,
            order.immediate,
            order.post_only,
            order.reduce_only,
            order.price,
            order.size,
            order.expiry,
            order.nonce,
        )
        digest: bytes = keccak_256(self._prefix + keccak_256(words).digest()).digest()
        return digest

    def ladder_digest(self, ladder: Ladder) -> bytes:
        """Hash a ladder for signing. An array counts as the hash of its words."""
        words = _LADDER.pack(
            _LADDER_HASH,
            ladder.account,
            ladder.market,
            ladder.buy,
            ladder.post_only,
            ladder.reduce_only,
            ladder.expiry,
            ladder.nonce,
            keccak(_array(ladder.prices)),
            keccak(_array(ladder.sizes)),
        )
        return keccak(self._prefix + keccak(words))

    def cancel_digest(self, cancel: Cancel) -> bytes:
        """Hash a cancel for signing."""
        words = _CANCEL.pack(_CANCEL_HASH, cancel.account, cancel.nonce)
        return keccak(self._prefix + keccak(words))

    def report_digest(self, report: Report) -> bytes:
        """Hash a price report for signing."""
        words = _REPORT.pack(_REPORT_HASH, report.market, report.price, report.time)
        return keccak(self._prefix + keccak(words))

    def withdrawal_digest(self, withdrawal: Withdrawal) -> bytes:
        """Hash a withdrawal for signing."""
        words = _WITHDRAWAL.pack(
            _WITHDRAWAL_HASH,
            withdrawal.account,
            address_bytes("recipient", withdrawal.recipient),
            withdrawal.amount.to_bytes(32, "big"),
            withdrawal.nonce,
            withdrawal.deadline.to_bytes(32, "big"),
        )
        return keccak(self._prefix + keccak(words))


class Signer:
    """A private key and its address (20 bytes). Raises KeyFormatError for what is no key."""

    __slots__ = ("_key", "address")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise KeyFormatError
        try:
            self._key: Final = PrivateKey(secret)
        except ValueError:
            # NOTE: the cause is cut off, a traceback must not carry the secret.
            raise KeyFormatError from None
        self.address: Final = address_of(self._key.public_key.format(compressed=False))

    def __repr__(self) -> str:
        return f"Signer(0x{self.address.hex()})"

    def sign(self, digest: bytes) -> bytes:
        """Sign 32 bytes; the signature is compact (EIP-2098) and the same each time."""
        signature: bytes = self._key.sign_recoverable(digest, hasher=None)
        s = int.from_bytes(signature[32:64], "big") | signature[64] << 255
        return signature[:32] + s.to_bytes(32, "big")

    def sign_order(self, domain: Domain, order: Order) -> SignedOrder:
        """Validate and sign an order."""
        return SignedOrder(order, self.sign(domain.order_digest(validate_order(order))))

    def sign_ladder(self, domain: Domain, ladder: Ladder) -> SignedLadder:
        """Validate and sign a ladder."""
        return SignedLadder(ladder, self.sign(domain.ladder_digest(validate_ladder(ladder))))

    def sign_cancel(self, domain: Domain, cancel: Cancel) -> SignedCancel:
        """Validate and sign a cancel."""
        return SignedCancel(cancel, self.sign(domain.cancel_digest(validate_cancel(cancel))))

    def sign_report(self, domain: Domain, report: Report) -> SignedReport:
        """Validate and sign a price report."""
        return SignedReport(report, self.sign(domain.report_digest(validate_report(report))))

    def sign_withdrawal(self, domain: Domain, withdrawal: Withdrawal) -> SignedWithdrawal:
        """Validate and sign a withdrawal."""
        digest = domain.withdrawal_digest(validate_withdrawal(withdrawal))
        return SignedWithdrawal(withdrawal, self.sign(digest))


def recover(digest: bytes, signature: bytes) -> bytes:
    """Find the address whose key made a compact signature of `digest`. Raises SignatureError."""
    if len(signature) != SIGNATURE_BYTES or len(digest) != 32:
        raise SignatureError(signature, f"a compact one has {SIGNATURE_BYTES} bytes, a digest 32")
    # EIP-2098: the highest bit of s says which of the two points r stands for.
    parity = signature[32] >> 7
    if parity:
        signature = b"%b%c%b" % (signature[:32], signature[32] & 0x7F, signature[33:])
    # NOTE: coincurve's own method packs and unpacks a 65-byte signature, 5 % of a recovery.
    parsed, point, public = ffi.new(_SIGNATURE), ffi.new(_POINT), ffi.new(_PUBLIC)
    if not (
        lib.secp256k1_ecdsa_recoverable_signature_parse_compact(_CTX, parsed, signature, parity)
        and lib.secp256k1_ecdsa_recover(_CTX, point, parsed, digest)
    ):
        raise SignatureError(signature, "no public key can be recovered from it")
    lib.secp256k1_ec_pubkey_serialize(_CTX, public, ffi.new(_SIZE, 65), point, EC_UNCOMPRESSED)
    return address_of(bytes(ffi.buffer(public)))


def address_of(public_key: bytes) -> bytes:
    """Derive the address (20 bytes) of an uncompressed public key (65 bytes)."""
    digest: bytes = keccak_256(public_key[1:]).digest()
    return digest[12:]


def check_backend(library: Any = _libsecp256k1) -> None:
    """Raise BackendError unless coincurve runs compiled libsecp256k1 and recovers correctly.

    Runs when this module is imported: a pure Python stand-in is a hundred times slower, which
    would show as a venue that cannot keep up, not as an error.
    """
    if not str(getattr(library, "__file__", "")).endswith((".so", ".pyd")):
        raise BackendError(f"{library} is not a compiled module")
    if not hasattr(library.lib, "secp256k1_ecdsa_recover"):
        raise BackendError("it was built without recovery of public keys")
    signer, digest = Signer(pack(">24xQ", 1)), keccak(b"penstock")
    if recover(digest, signer.sign(digest)) != signer.address:
        raise BackendError("it recovers a wrong public key")


def _array(values: tuple[int, ...]) -> bytes:
    return pack(">" + "28xI" * len(values), *values)


check_backend()
