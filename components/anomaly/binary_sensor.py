"""On while there is an anomaly, or while the watched sensor cannot be believed."""

import esphome.codegen as cg
import esphome.config_validation as cv
from esphome.components import binary_sensor
from esphome.const import CONF_TYPE, DEVICE_CLASS_PROBLEM
from esphome.types import ConfigType

from . import CONF_ANOMALY_ID, AnomalyComponent

TYPES = ("anomaly", "fault")

CONFIG_SCHEMA = binary_sensor.binary_sensor_schema(device_class=DEVICE_CLASS_PROBLEM).extend(
    {
        cv.GenerateID(CONF_ANOMALY_ID): cv.use_id(AnomalyComponent),
        cv.Optional(CONF_TYPE, default=TYPES[0]): cv.one_of(*TYPES, lower=True),
    }
)


async def to_code(config: ConfigType) -> None:
    parent = await cg.get_variable(config[CONF_ANOMALY_ID])
    var = await binary_sensor.new_binary_sensor(config)
    cg.add(getattr(parent, f"set_{config[CONF_TYPE]}_binary_sensor")(var))
