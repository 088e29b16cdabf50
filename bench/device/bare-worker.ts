import { iot, mqtt5 } from 'aws-iot-device-sdk-v2';
import { type DeviceOrder, sampleAt } from './device-order.ts';
import { measureLoad } from './measure-load.ts';

/** The SDK's client and nothing else: messages at a steady rate, none kept, none repeated. */
const order = JSON.parse(process.argv[2] as string) as DeviceOrder;
const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
  order.host,
  order.certificatePem,
  order.privateKeyPem,
);
builder.withPort(order.port);
builder.withCertificateAuthority(order.serverCaPem);
builder.withConnectProperties({ clientId: order.thingName, keepAliveIntervalSeconds: 60 });
const client = new mqtt5.Mqtt5Client(builder.build());
const connected = new Promise((resolve) => client.on('connectionSuccess', resolve));
client.start();
await connected;

const { configuration, thingName } = order;
const topic = [configuration.topicRoot, configuration.site, configuration.deviceType, thingName, 'telemetry'].join('/');

const figures = await measureLoad(order, async (seconds) => {
  const total = seconds * order.messagesPerSecond;
  const began = performance.now();
  const acknowledged: Promise<unknown>[] = [];
  for (let sequence = 1; sequence <= total; sequence++) {
    const due = began + (sequence * 1_000) / order.messagesPerSecond;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const samples = Array.from({ length: order.samplesPerMessage }, () => sampleAt(Date.now()));
    const payload = JSON.stringify({ version: 1, bootId: 1, sequence, samples });
    acknowledged.push(client.publish({ topicName: topic, payload, qos: mqtt5.QoS.AtLeastOnce }));
  }
  await Promise.all(acknowledged);
  return total;
});
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
