import { type DeviceTest, fail, pass, serve } from './device-test.ts';

/** Identifier of the message that the device is to acknowledge. */
const MESSAGE_ID = 4711;
const SHADOW_UPDATE = /^\$aws\/things\/[^/]+\/shadow\/(name\/[^/]+\/)?update$/;

/** Tests of what a device does with messages (developer guide, `device-advisor-tests-mqtt`, `device-advisor-tests-shadow`). */
export const MESSAGE_TESTS: readonly DeviceTest[] = [
  {
    id: 'MQTT_Client_Puback_Qos1',
    group: 'MQTT',
    certificate: 'good',
    missing: 'the device subscribed to no topic with QoS 1, or did not acknowledge the message that came on it',
    begin: ({ finish }) => ({
      packet(session, packet) {
        serve(session, packet);
        if (packet.cmd === 'puback' && packet.messageId === MESSAGE_ID) finish(pass('the device sent a PUBACK'));
        if (packet.cmd !== 'subscribe') return;
        const wanted = packet.subscriptions.find(({ qos, topic }) => qos > 0 && !/[+#]/.test(topic));
        if (wanted === undefined) return;
        session.send({
          cmd: 'publish',
          topic: wanted.topic,
          payload: '{}',
          qos: 1,
          messageId: MESSAGE_ID,
          dup: false,
          retain: false,
        });
      },
    }),
  },
  {
    id: 'MQTT_Subscribe_Retry_No_Suback',
    group: 'MQTT',
    certificate: 'good',
    missing: 'the device repeated no SUBSCRIBE with the same packet id on the same connection',
    begin: ({ finish }) => {
      // A device that reconnects begins anew, without failing.
      let seen = new Set<number>();
      return {
        secured: () => {
          seen = new Set();
        },
        packet(session, packet) {
          if (packet.cmd !== 'subscribe') return serve(session, packet);
          const { messageId = 0 } = packet;
          if (seen.has(messageId)) finish(pass('the device repeated its SUBSCRIBE'));
          seen.add(messageId);
        },
      };
    },
  },
  {
    id: 'Shadow_Publish_Reported_State',
    group: 'Shadow',
    certificate: 'good',
    missing: 'the device published no state to a shadow',
    begin: ({ finish }) => ({
      packet(session, packet) {
        serve(session, packet);
        if (packet.cmd !== 'publish' || !SHADOW_UPDATE.test(packet.topic)) return;
        finish(
          hasReportedState(packet.payload)
            ? pass(`the device reported its state to ${packet.topic}`)
            : fail(`the document published to ${packet.topic} has no state.reported`),
        );
      },
    }),
  },
];

function hasReportedState(payload: string | Buffer): boolean {
  try {
    const document = JSON.parse(payload.toString()) as { state?: { reported?: unknown } } | null;
    return typeof document?.state?.reported === 'object' && document.state.reported !== null;
  } catch {
    return false;
  }
}
