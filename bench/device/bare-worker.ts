import { iot, mqtt5 } from 'aws-iot-device-sdk-v2';
import { type DeviceOrder, sampleAt } from './device-order.ts';
import { serveLoads } from './serve-loads.ts';

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
const topicName = [configuration.topicRoot, configuration.site, configuration.deviceType, thingName, 'telemetry'].join(
  '/',
);
let sequence = 0;
let acknowledged: Promise<unknown>[] = [];
await serveLoads(
  order,
  () => {
    const samples = [sampleAt(Date.now())];
    const payload = JSON.stringify({ version: 1, bootId: 1, sequence: ++sequence, samples });
    acknowledged.push(client.publish({ topicName, payload, qos: mqtt5.QoS.AtLeastOnce }));
  },
  async () => {
    await Promise.all(acknowledged);
    acknowledged = [];
    return sequence;
  },
);
process.exit(0);
