"""A sensor that watches another one: score, threshold and the value that was expected."""

from typing import Any

import esphome.codegen as cg
import esphome.config_validation as cv
import esphome.final_validate as fv
from esphome.components import sensor
from esphome.const import (
    CONF_ACCURACY_DECIMALS,
    CONF_DEVICE_CLASS,
    CONF_FILTERS,
    CONF_ID,
    CONF_INTERVAL,
    CONF_MODEL,
    CONF_SENSOR,
    CONF_THRESHOLD,
    CONF_UNIT_OF_MEASUREMENT,
    CONF_UPDATE_INTERVAL,
    ENTITY_CATEGORY_DIAGNOSTIC,
    SCHEDULER_DONT_RUN,
    STATE_CLASS_MEASUREMENT,
)
from esphome.core import CORE, ID, TimePeriod
from esphome.core.entity_helpers import inherit_property_from
from esphome.helpers import fnv1a_32bit_hash
from esphome.types import ConfigType

from . import AnomalyComponent, anomaly_ns
from .library import add_library, describe, model_option

DetectorComponent = anomaly_ns.class_("DetectorComponent", AnomalyComponent)

CONF_SCORE = "score"
CONF_EXPECTED = "expected"
CHILDREN = (CONF_SCORE, CONF_EXPECTED, CONF_THRESHOLD)

ICON = "mdi:chart-bell-curve"
SHORTEST, LONGEST = 0.1, 3600.0  # seconds between two samples

# Filters that give one value for each value that they get, at once.
STEADY_FILTERS = {
    "calibrate_linear",
    "calibrate_polynomial",
    "clamp",
    "multiply",
    "offset",
    "round",
    "round_to_multiple_of",
    "round_to_significant_digits",
    "skip_initial",
    "to_ntc_resistance",
    "to_ntc_temperature",
}


def seconds_of(period: TimePeriod) -> float:
    return float(period.total_milliseconds) / 1000.0


def interval_option(value: Any) -> TimePeriod:
    value = cv.positive_time_period_milliseconds(value)
    if not SHORTEST <= seconds_of(value) <= LONGEST:
        raise cv.Invalid(f"An interval is between {SHORTEST:g} s and {LONGEST:g} s")
    return value


def score_schema(**more: str) -> cv.Schema:
    return sensor.sensor_schema(
        icon=ICON, accuracy_decimals=2, state_class=STATE_CLASS_MEASUREMENT, **more
    )


CONFIG_SCHEMA = cv.Schema(
    {
        cv.GenerateID(): cv.declare_id(AnomalyComponent),
        cv.Required(CONF_SENSOR): cv.use_id(sensor.Sensor),
        cv.Optional(CONF_MODEL, default="any"): model_option,
        cv.Optional(CONF_INTERVAL): interval_option,
        cv.Optional(CONF_SCORE): score_schema(),
        cv.Optional(CONF_THRESHOLD): score_schema(entity_category=ENTITY_CATEGORY_DIAGNOSTIC),
        cv.Optional(CONF_EXPECTED): sensor.sensor_schema(state_class=STATE_CLASS_MEASUREMENT),
    }
).extend(cv.COMPONENT_SCHEMA)


def find_interval(config: ConfigType) -> ConfigType:
    """Fills in how often the watched sensor has a value, from its own configuration."""
    full = fv.full_config.get()
    watched = config[CONF_SENSOR]
    if CONF_INTERVAL not in config:
        own = full.get_path_for_id(config[CONF_ID])[:-1]
        full.get_config_for_path(own)[CONF_INTERVAL] = _interval_of(full, watched)
        config = full.get_config_for_path(own)
    _check_rate(config)
    return config


def _interval_of(full: Any, watched: ID) -> TimePeriod:
    path = full.get_path_for_id(watched)[:-1]
    filters = full.get_config_for_path(path).get(CONF_FILTERS, [])
    uneven = [name for entry in filters for name in entry if name in sensor.FILTER_REGISTRY]
    uneven = [name for name in uneven if name not in STEADY_FILTERS]
    if uneven:
        raise cv.Invalid(
            f"The filter '{uneven[0]}' decides how often '{watched}' has a value: say it here with "
            "interval: (e.g. 60s)",
            [CONF_SENSOR],
        )
    found = None
    while path and found is None:  # several sensors may be children of one that is read
        part = full.get_config_for_path(path)
        found = part.get(CONF_UPDATE_INTERVAL) if isinstance(part, dict) else None
        path = path[:-1]
    if found is None or not SHORTEST <= seconds_of(found) <= LONGEST:
        is_known = found is not None and found.total_milliseconds != SCHEDULER_DONT_RUN
        known = f"has update_interval: {found}" if is_known else "is never updated by itself"
        raise cv.Invalid(
            f"'{watched}' {known}: say here how often it has a value, {SHORTEST:g} s to "
            f"{LONGEST:g} s, with interval: (e.g. 60s)",
            [CONF_SENSOR],
        )
    return TimePeriod(milliseconds=found.total_milliseconds)


def _check_rate(config: ConfigType) -> None:
    model = describe(config[CONF_MODEL])
    if model.is_generic:
        return
    trained = 1.0 / model.rate_hz
    interval = seconds_of(config[CONF_INTERVAL])
    if abs(interval - trained) > 0.01 * trained:
        raise cv.Invalid(
            f"The model '{config[CONF_MODEL]}' is trained for a value every {trained:.3g} s and "
            f"'{config[CONF_SENSOR]}' has one every {interval:.3g} s: set the update_interval of "
            "the sensor to that, or take model: any",
            [CONF_MODEL],
        )


FINAL_VALIDATE_SCHEMA = cv.All(
    find_interval,
    *(
        inherit_property_from([CONF_EXPECTED, name], CONF_SENSOR)
        for name in (CONF_UNIT_OF_MEASUREMENT, CONF_ACCURACY_DECIMALS, CONF_DEVICE_CLASS)
    ),
)


async def to_code(config: ConfigType) -> None:
    profile = config[CONF_MODEL]
    model = cg.RawExpression(f"::anomaly::{describe(profile).name}::Model")
    id_ = config[CONF_ID]
    id_.type = DetectorComponent.template(model)
    var = cg.new_Pvariable(id_, seconds_of(config[CONF_INTERVAL]))
    await cg.register_component(var, config)

    source = await cg.get_variable(config[CONF_SENSOR])
    cg.add(var.set_source(source))
    own = id_.id if id_.is_manual else ""
    key = fnv1a_32bit_hash(f"anomaly {config[CONF_SENSOR].id} {profile} {own}")
    cg.add(var.set_preference_key(key))
    for child in CHILDREN:
        if child in config:
            sens = await sensor.new_sensor(config[child])
            cg.add(getattr(var, f"set_{child}_sensor")(sens))

    profiles = CORE.data.setdefault("anomaly", {})
    if not profiles:
        CORE.add_job(add_library, profiles)
    profiles[profile] = True
