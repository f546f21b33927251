"""What raised an alarm or a fault, or the state in one word."""

import esphome.codegen as cg
import esphome.config_validation as cv
from esphome.components import text_sensor
from esphome.const import CONF_TYPE
from esphome.types import ConfigType

from . import CONF_ANOMALY_ID, AnomalyComponent

TYPES = ("cause", "state")

CONFIG_SCHEMA = text_sensor.text_sensor_schema().extend(
    {
        cv.GenerateID(CONF_ANOMALY_ID): cv.use_id(AnomalyComponent),
        cv.Optional(CONF_TYPE, default=TYPES[0]): cv.one_of(*TYPES, lower=True),
    }
)


async def to_code(config: ConfigType) -> None:
    parent = await cg.get_variable(config[CONF_ANOMALY_ID])
    var = await text_sensor.new_text_sensor(config)
    cg.add(getattr(parent, f"set_{config[CONF_TYPE]}_text_sensor")(var))
