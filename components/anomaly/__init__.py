"""ESPHome component: watches any sensor of ESPHome for anomalies, with this project's detector.

The detector itself is not in this folder: the project packages it (`python -m training package`)
when ESPHome generates code, and it is compiled with ESPHome's other sources.
"""

from typing import Any

import esphome.codegen as cg
import esphome.config_validation as cv
from esphome import automation
from esphome.const import CONF_DURATION, CONF_ID
from esphome.core import ID
from esphome.types import ConfigType

CONF_ANOMALY_ID = "anomaly_id"
CONF_SAMPLES = "samples"

# The library has `anomaly` for itself.
anomaly_ns = cg.esphome_ns.namespace("anomaly_")
AnomalyComponent = anomaly_ns.class_("AnomalyComponent", cg.Component)
LearnAction = anomaly_ns.class_("LearnAction", automation.Action)
NormalAction = anomaly_ns.class_("NormalAction", automation.Action)


@automation.register_action(
    "anomaly.learn",
    LearnAction,
    cv.All(
        {
            cv.GenerateID(): cv.use_id(AnomalyComponent),
            cv.Optional(CONF_DURATION): cv.templatable(cv.positive_time_period_milliseconds),
            cv.Optional(CONF_SAMPLES): cv.templatable(cv.positive_not_null_int),
        },
        cv.has_exactly_one_key(CONF_DURATION, CONF_SAMPLES),
    ),
    synchronous=True,
)
async def learn_to_code(config: ConfigType, action_id: ID, template_arg: Any, args: Any) -> Any:
    var = cg.new_Pvariable(action_id, template_arg)
    await cg.register_parented(var, config[CONF_ID])
    if CONF_SAMPLES in config:
        cg.add(var.set_samples(await cg.templatable(config[CONF_SAMPLES], args, cg.uint32)))
    else:
        cg.add(var.set_duration(await cg.templatable(config[CONF_DURATION], args, cg.uint32)))
    return var


@automation.register_action(
    "anomaly.normal",
    NormalAction,
    automation.maybe_simple_id({cv.GenerateID(): cv.use_id(AnomalyComponent)}),
    synchronous=True,
)
async def normal_to_code(config: ConfigType, action_id: ID, template_arg: Any, args: Any) -> Any:
    var = cg.new_Pvariable(action_id, template_arg)
    await cg.register_parented(var, config[CONF_ID])
    return var
