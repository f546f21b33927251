"""How sensitive the detector is: its own threshold is divided by this."""

import esphome.codegen as cg
import esphome.config_validation as cv
from esphome.components import number
from esphome.const import ENTITY_CATEGORY_CONFIG
from esphome.types import ConfigType

from . import CONF_ANOMALY_ID, AnomalyComponent, anomaly_ns

SensitivityNumber = anomaly_ns.class_("SensitivityNumber", number.Number, cg.Component)

CONFIG_SCHEMA = (
    number.number_schema(
        SensitivityNumber, icon="mdi:tune-variant", entity_category=ENTITY_CATEGORY_CONFIG
    )
    .extend({cv.GenerateID(CONF_ANOMALY_ID): cv.use_id(AnomalyComponent)})
    .extend(cv.COMPONENT_SCHEMA)
)


async def to_code(config: ConfigType) -> None:
    var = await number.new_number(config, min_value=0.25, max_value=4, step=0.05)
    await cg.register_component(var, config)
    await cg.register_parented(var, config[CONF_ANOMALY_ID])
