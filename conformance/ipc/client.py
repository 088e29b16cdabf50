"""Every operation of Greengrass IPC that the nucleus supports, by the official client for Python.

Runs as a component, so with its socket and its token. Writes one JSON line for each check to `results`.
Source: Greengrass developer guide, "Use the AWS IoT Device SDK to communicate with the Greengrass nucleus".
"""
import datetime
import json
import os
import sys
import threading
import time

from awsiot.greengrasscoreipc.clientv2 import GreengrassCoreIPCClientV2
from awsiot.greengrasscoreipc.model import (
    BinaryMessage,
    ConfigurationValidityReport,
    ConfigurationValidityStatus,
    JsonMessage,
    PublishMessage,
    ReportedLifecycleState,
    ResourceNotFoundError,
    ServiceError,
    UnauthorizedError,
)

WAIT = 15
OTHER = "com.example.Other"
THING = os.environ["AWS_IOT_THING_NAME"]


def note(operation, problem=None):
    with open("results", "a", encoding="utf8") as file:
        file.write(json.dumps({"operation": operation, "problem": problem}) + "\n")


def check(operations, task):
    problem = None
    try:
        task()
    except Exception as error:  # Whatever goes wrong is a failed check.
        problem = f"{type(error).__name__}: {getattr(error, 'message', None) or error}"
    for operation in operations:
        note(operation, problem)


def demand(value, expected):
    if value != expected:
        raise AssertionError(f"expected {expected!r}, got {value!r}")


class Heard:
    """Events of a subscription."""

    def __init__(self):
        self.events = []
        self.arrived = threading.Event()

    def __call__(self, event):
        self.events.append(event)
        self.arrived.set()

    def first(self):
        if not self.arrived.wait(WAIT):
            raise AssertionError(f"no event within {WAIT} s")
        return self.events[0]


def refused(error_class, task):
    try:
        task()
    except error_class:
        return
    raise AssertionError(f"{error_class.__name__} was not raised")


def main():
    client = GreengrassCoreIPCClientV2()
    if os.environ["PHASE"] == "2":
        note("DeferComponentUpdate")
        time.sleep(3600)

    def local_messages():
        heard, binary = Heard(), Heard()
        _, one = client.subscribe_to_topic(topic="local/json", on_stream_event=heard)
        _, two = client.subscribe_to_topic(topic="local/binary", on_stream_event=binary)
        client.publish_to_topic(
            topic="local/json", publish_message=PublishMessage(json_message=JsonMessage(message={"value": 1}))
        )
        client.publish_to_topic(
            topic="local/binary", publish_message=PublishMessage(binary_message=BinaryMessage(message=b"\x00\xff"))
        )
        demand(heard.first().json_message.message, {"value": 1})
        demand(binary.first().binary_message.message, b"\x00\xff")
        one.close()
        two.close()
        refused(UnauthorizedError, lambda: client.publish_to_topic(
            topic="other/topic", publish_message=PublishMessage(json_message=JsonMessage(message={}))
        ))

    def cloud_messages():
        heard = Heard()
        _, operation = client.subscribe_to_iot_core(topic_name="cloud/#", qos="1", on_stream_event=heard)
        client.publish_to_iot_core(topic_name="cloud/up", qos="1", payload=b"hello")
        message = heard.first().message
        demand((message.topic_name, message.payload), ("cloud/up", b"hello"))
        operation.close()
        refused(UnauthorizedError, lambda: client.publish_to_iot_core(topic_name="up", qos="1", payload=b""))

    def update_configuration():
        heard = Heard()
        _, operation = client.subscribe_to_configuration_update(key_path=["mqtt"], on_stream_event=heard)
        client.update_configuration(
            key_path=["mqtt"], timestamp=datetime.datetime.now(datetime.timezone.utc), value_to_merge={"port": 8883}
        )
        event = heard.first().configuration_update_event
        demand((event.component_name, event.key_path), ("com.example.Python", ["mqtt", "port"]))
        demand(client.get_configuration(key_path=["mqtt"]).value["port"], 8883)
        operation.close()

    def get_configuration():
        demand(client.get_configuration(key_path=["mqtt", "hosts"]).value, {"hosts": ["a"]})
        refused(ResourceNotFoundError, lambda: client.get_configuration(key_path=["none"]))

    def components():
        names = [component.component_name for component in client.list_components().components]
        demand(sorted(names), [OTHER, "com.example.Python"])

    def details():
        found = client.get_component_details(component_name=OTHER).component_details
        demand((found.version, found.state), ("1.0.0", "RUNNING"))
        refused(ResourceNotFoundError, lambda: client.get_component_details(component_name="none"))

    def until(state):
        deadline = time.monotonic() + WAIT
        while client.get_component_details(component_name=OTHER).component_details.state != state:
            if time.monotonic() > deadline:
                raise AssertionError(f"{OTHER} is not {state}")
            time.sleep(0.05)

    def stop():
        demand(client.stop_component(component_name=OTHER).stop_status, "SUCCEEDED")
        until("FINISHED")

    def restart():
        demand(client.restart_component(component_name=OTHER).restart_status, "SUCCEEDED")
        until("RUNNING")

    def update_shadow():
        payload = json.dumps({"state": {"reported": {"color": "red"}}}).encode()
        answer = client.update_thing_shadow(thing_name=THING, shadow_name="own", payload=payload)
        demand(json.loads(answer.payload)["state"]["reported"], {"color": "red"})

    def get_shadow():
        answer = client.get_thing_shadow(thing_name=THING, shadow_name="own")
        demand(json.loads(answer.payload)["state"]["reported"], {"color": "red"})

    def delete_shadow():
        client.delete_thing_shadow(thing_name=THING, shadow_name="own")
        refused(ResourceNotFoundError, lambda: client.get_thing_shadow(thing_name=THING, shadow_name="own"))

    def secret():
        answer = client.get_secret_value(secret_id="mine-1")
        demand(answer.secret_value.secret_string, "hush")
        refused(UnauthorizedError, lambda: client.get_secret_value(secret_id="theirs"))

    def unsupported():
        refused(ServiceError, lambda: client.pause_component(component_name=OTHER))

    for operations, task in [
        (("PublishToTopic", "SubscribeToTopic"), local_messages),
        (("PublishToIoTCore", "SubscribeToIoTCore"), cloud_messages),
        (("GetConfiguration",), get_configuration),
        (("UpdateConfiguration", "SubscribeToConfigurationUpdate"), update_configuration),
        (("ListComponents",), components),
        (("GetComponentDetails",), details),
        (("StopComponent",), stop),
        (("RestartComponent",), restart),
        (("UpdateState",), lambda: client.update_state(state=ReportedLifecycleState.RUNNING)),
        (("UpdateThingShadow",), update_shadow),
        (("GetThingShadow",), get_shadow),
        (("DeleteThingShadow",), delete_shadow),
        (("GetSecretValue",), secret),
        (("an unsupported operation",), unsupported),
    ]:
        check(operations, task)

    validation, updates = Heard(), Heard()

    def on_validation(event):
        report = ConfigurationValidityReport(
            status=ConfigurationValidityStatus.ACCEPTED,
            deployment_id=event.validate_configuration_update_event.deployment_id,
        )
        client.send_configuration_validity_report_async(configuration_validity_report=report)
        validation(event)

    def on_update(event):
        if event.pre_update_event is not None:
            client.defer_component_update_async(
                deployment_id=event.pre_update_event.deployment_id, recheck_after_ms=0
            )
            updates(event)

    client.subscribe_to_validate_configuration_updates(on_stream_event=on_validation)
    client.subscribe_to_component_updates(on_stream_event=on_update)
    open("ready", "w", encoding="utf8").close()

    def validated():
        asked = validation.first().validate_configuration_update_event
        demand(asked.configuration["phase"], "2")

    check(("SubscribeToValidateConfigurationUpdates", "SendConfigurationValidityReport"), validated)
    check(("SubscribeToComponentUpdates",), updates.first)
    time.sleep(3600)


if __name__ == "__main__":
    sys.exit(main())
