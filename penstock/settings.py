"""The numbers of a venue: `penstock:` in ape-config.yaml, or the defaults."""

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from penstock.deploy import MarketParameters, Parameters, load_parameters

CONFIG: Final = Path(__file__).resolve().parents[1] / "ape-config.yaml"
SECTION: Final = "penstock"
DEFAULTS: Final = Parameters(
    markets=(
        MarketParameters("BTC-PERP", Decimal("0.1"), Decimal("0.001"), 500, 250, 500, 200),
        MarketParameters("ETH-PERP", Decimal("0.01"), Decimal("0.01"), 500, 250, 500, 200),
    )
)


def read_parameters(path: Path = CONFIG) -> Parameters:
    """Read and check the parameters. Raises ParameterError and what `check_parameters` raises."""
    config: dict[str, Any] = yaml.safe_load(path.read_text()) if path.is_file() else {}
    section = config.get(SECTION)
    return DEFAULTS if section is None else load_parameters(section)
