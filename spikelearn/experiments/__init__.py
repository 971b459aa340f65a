"""Experiments: model files, their parameters, and the shared code for conditions, controls and costs."""

from spikelearn.experiments.coarse_steps import build_coarsely
from spikelearn.experiments.conditions import Conditions, Interrupted, finished, report, run_conditions
from spikelearn.experiments.cost import Cost, cost_at_once, cost_of, total_cost
from spikelearn.experiments.model_file import Experiment, Listed, list_experiments, load_experiment, models_directory
from spikelearn.experiments.outcome import (
    Control,
    Expected,
    Form,
    Goal,
    Oracle,
    Outcome,
    Published,
    common_metrics,
    controlled_by,
    finite,
    json_value,
)
from spikelearn.experiments.parameters import (
    ParameterRow,
    converted,
    expected_of,
    parameter,
    parameter_names,
    parameters_table,
    parse_time,
    set_parameters,
    takes_whole_numbers,
)
from spikelearn.experiments.presentation import Presentation, Shown, largest_of
from spikelearn.experiments.reward_hebb import RewardHebb, learn_by_reward
from spikelearn.experiments.run import MetricRow, draw, metrics_table, run_experiment
from spikelearn.experiments.user_code import user_code

__all__ = [
    "Conditions",
    "Control",
    "Cost",
    "Expected",
    "Experiment",
    "Form",
    "Goal",
    "Interrupted",
    "Listed",
    "MetricRow",
    "Oracle",
    "Outcome",
    "ParameterRow",
    "Presentation",
    "Published",
    "RewardHebb",
    "Shown",
    "build_coarsely",
    "common_metrics",
    "controlled_by",
    "converted",
    "cost_at_once",
    "cost_of",
    "draw",
    "expected_of",
    "finished",
    "finite",
    "json_value",
    "largest_of",
    "learn_by_reward",
    "list_experiments",
    "load_experiment",
    "metrics_table",
    "models_directory",
    "parameter",
    "parameter_names",
    "parameters_table",
    "parse_time",
    "report",
    "run_conditions",
    "run_experiment",
    "set_parameters",
    "takes_whole_numbers",
    "total_cost",
    "user_code",
]
