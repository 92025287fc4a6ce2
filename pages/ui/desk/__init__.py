"""A desk: what one open workspace needs in this process — the folder, the worker, the run."""

from pages.ui.desk.after_runs import Result
from pages.ui.desk.base_side import BaseSide
from pages.ui.desk.desk import Desk
from pages.ui.desk.scores import BASE_TEST, Scores

__all__ = ["BASE_TEST", "BaseSide", "Desk", "Result", "Scores"]
