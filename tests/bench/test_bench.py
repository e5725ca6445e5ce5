"""What `trmbench bench` measures and says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from command import trmbench

from trmbench.bench.measure import Measurement
from trmbench.bench.profile import idle_share
from trmbench.bench.table import quantity
from trmbench.bench.timing import ROUNDS, WARM_UP, seconds_per_call
