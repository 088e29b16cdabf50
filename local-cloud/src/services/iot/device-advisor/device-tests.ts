import { backoffOf } from './backoff.ts';
import { offeredSuites } from './client-hello.ts';
import { accept, type DeviceTest, fail, pass, serve, type TestSetting, type Verdict, warn } from './device-test.ts';
import { MESSAGE_TESTS } from './message-tests.ts';
import type { DeviceSession, SessionHandler } from './test-endpoint.ts';

/** Attempts that back-off is judged by: "at least five times". */
const RECONNECTS = 5;
/** ms that an accepted device is left alone before the server ends its connection */
const BEFORE_DISCONNECT = 500;

/** A device that trusts nobody but its CA, for the host it asked for, says nothing to this server. */
function refusesServer(what: string) {
  return ({ finish }: TestSetting): SessionHandler => ({
    packet: () => finish(fail(`the device went on with a server certificate ${what}`)),
    closed: ({ secured }) =>
      finish(
        secured
          ? warn('the device closed the connection, but only after it had completed the TLS handshake')
          : pass('the device closed the connection'),
      ),
  });
}

function judgeBackoff(times: readonly number[], wants: 'exponential' | 'jitter'): Verdict {
  const waits = times.slice(1).map((time, at) => `${((time - (times[at] as number)) / 1000).toFixed(1)} s`);
  const kind = backoffOf(times);
  const said = `the device waited ${waits.join(', ')}`;
  if (kind === 'constant') return fail(`${said}: without back-off`);
  if (kind === wants) return pass(said);
  return warn(`${said}: ${kind === 'jitter' ? 'with jitter' : 'exponentially, without jitter'}`);
}

/** No CONNACK is ever sent: when does the device try again? */
function connectRetries(wants: 'exponential' | 'jitter') {
  return ({ clock, finish }: TestSetting): SessionHandler => {
    const times: number[] = [];
    return {
      packet(_session, packet) {
        if (packet.cmd !== 'connect') return;
        times.push(clock.now());
        if (times.length > RECONNECTS) finish(judgeBackoff(times, wants));
      },
    };
  };
}

export const DEVICE_TESTS: readonly DeviceTest[] = [
  {
    id: 'TLS_Connect',
    group: 'TLS',
    certificate: 'good',
    missing: 'the device completed no TLS handshake',
    begin: ({ finish }) => ({ secured: () => finish(pass('the device completed the TLS handshake')), packet: serve }),
  },
  {
    id: 'TLS_Support_AWS_IoT_Cipher_Suites',
    group: 'TLS',
    certificate: 'good',
    missing: 'the device began no TLS handshake',
    begin: ({ finish }) => ({
      hello(record) {
        const suites = offeredSuites(record);
        if (suites === undefined) finish(fail('the device sent no complete ClientHello'));
        else if (suites.supported.length === 0) finish(fail('the device offers no cipher suite that AWS IoT takes'));
        else if (suites.recommended.length === 0) finish(warn('the device offers no recommended cipher suite'));
        else if (suites.unsupported.length > 0) {
          finish(warn(`the device also offers suites that AWS IoT does not take: ${suites.unsupported.join(', ')}`));
        } else finish(pass(`the device offers ${suites.recommended.join(', ')}`));
      },
      packet: serve,
    }),
  },
  {
    id: 'TLS_Unsecure_Server_Cert',
    group: 'TLS',
    certificate: 'unknownCa',
    missing: 'the device did not connect',
    begin: refusesServer('of an unknown CA'),
  },
  {
    id: 'TLS_Incorrect_Subject_Name_Server_Cert',
    group: 'TLS',
    certificate: 'wrongName',
    missing: 'the device did not connect',
    begin: refusesServer('for another host'),
  },
  {
    id: 'MQTT_Connect',
    group: 'MQTT',
    certificate: 'good',
    missing: 'the device sent no CONNECT',
    begin: ({ finish }) => ({
      packet(session, packet) {
        serve(session, packet);
        if (packet.cmd === 'connect') finish(pass(`the device connected as ${packet.clientId}`));
      },
    }),
  },
  {
    id: 'MQTT_Subscribe',
    group: 'MQTT',
    certificate: 'good',
    missing: 'the device sent no SUBSCRIBE',
    begin: ({ finish }) => ({
      packet(session, packet) {
        serve(session, packet);
        if (packet.cmd !== 'subscribe') return;
        finish(pass(`the device subscribed to ${packet.subscriptions.map(({ topic }) => topic).join(', ')}`));
      },
    }),
  },
  {
    id: 'MQTT_Publish',
    group: 'MQTT',
    certificate: 'good',
    missing: 'the device sent no PUBLISH',
    begin: ({ finish }) => ({
      packet(session, packet) {
        serve(session, packet);
        if (packet.cmd === 'publish') finish(pass(`the device published to ${packet.topic}`));
      },
    }),
  },
  {
    id: 'MQTT_Publish_Retry_No_Puback',
    group: 'MQTT',
    certificate: 'good',
    missing: 'the device repeated no publish of QoS 1 on the same connection',
    begin: ({ finish }) => {
      // A device that reconnects begins anew, without failing.
      let seen = new Set<number>();
      return {
        secured: () => {
          seen = new Set();
        },
        packet(session, packet) {
          if (packet.cmd !== 'publish') return serve(session, packet);
          if (packet.qos !== 1 || packet.messageId === undefined) return;
          if (seen.has(packet.messageId)) finish(pass(`the device repeated the publish to ${packet.topic}`));
          seen.add(packet.messageId);
        },
      };
    },
  },
  {
    id: 'MQTT_Connect_Exponential_Backoff_Retries',
    group: 'MQTT',
    certificate: 'good',
    missing: `the device did not try to connect ${RECONNECTS + 1} times`,
    begin: connectRetries('exponential'),
  },
  {
    id: 'MQTT_Connect_Jitter_Backoff_Retries',
    group: 'MQTT',
    certificate: 'good',
    missing: `the device did not try to connect ${RECONNECTS + 1} times`,
    begin: connectRetries('jitter'),
  },
  {
    id: 'MQTT_Reconnect_Backoff_Retries_On_Server_Disconnect',
    group: 'MQTT',
    certificate: 'good',
    missing: `the device did not reconnect ${RECONNECTS} times`,
    begin: ({ clock, finish }) => {
      /** The disconnect, and the attempts after it. */
      const times: number[] = [];
      let accepted = false;
      return {
        packet(session, packet) {
          if (packet.cmd !== 'connect') return serve(session, packet);
          if (!accepted) {
            accepted = true;
            accept(session, packet);
            clock.after(BEFORE_DISCONNECT, () => {
              times.push(clock.now());
              session.close();
            });
            return;
          }
          times.push(clock.now());
          session.close();
          if (times.length > RECONNECTS) finish(judgeBackoff(times, 'jitter'));
        },
      };
    },
  },
  {
    id: 'MQTT_No_Ack_PingResp',
    group: 'MQTT',
    certificate: 'good',
    missing: 'the device did not end a connection whose pings are not answered',
    begin: ({ finish }) => {
      const unanswered = new Set<DeviceSession>();
      return {
        packet(session, packet) {
          if (packet.cmd === 'connect') accept(session, packet);
          if (packet.cmd === 'pingreq') unanswered.add(session);
        },
        closed(session) {
          if (unanswered.has(session)) finish(pass('the device ended the connection'));
        },
      };
    },
  },
  ...MESSAGE_TESTS,
];

export const DEVICE_TEST_IDS: readonly string[] = DEVICE_TESTS.map(({ id }) => id);
