import type { IConnectPacket, Packet } from 'mqtt-packet';
import type { Clock } from '../../../core/clock.ts';
import type { AdvisorCertificates } from './advisor-certificates.ts';
import type { DeviceSession, SessionHandler } from './test-endpoint.ts';

export type TestResult = 'PASS' | 'PASS_WITH_WARNINGS' | 'FAIL';

export interface Verdict {
  readonly result: TestResult;
  readonly reason: string;
}

export interface TestSetting {
  readonly clock: Clock;
  finish(verdict: Verdict): void;
}

/** A test case of Device Advisor, by its id there (developer guide, `device-advisor-tests`). */
export interface DeviceTest {
  readonly id: string;
  readonly group: 'TLS' | 'MQTT' | 'Shadow';
  /** What the device is shown. */
  readonly certificate: keyof AdvisorCertificates;
  /** What a device that does nothing failed to do. */
  readonly missing: string;
  begin(setting: TestSetting): SessionHandler;
}

export const pass = (reason: string): Verdict => ({ result: 'PASS', reason });
export const warn = (reason: string): Verdict => ({ result: 'PASS_WITH_WARNINGS', reason });
export const fail = (reason: string): Verdict => ({ result: 'FAIL', reason });

export function accept(session: DeviceSession, packet: IConnectPacket): void {
  session.send(
    packet.protocolVersion === 5
      ? { cmd: 'connack', sessionPresent: false, reasonCode: 0 }
      : { cmd: 'connack', sessionPresent: false, returnCode: 0 },
  );
}

/** Answers as a broker does. */
export function serve(session: DeviceSession, packet: Packet): void {
  switch (packet.cmd) {
    case 'connect':
      accept(session, packet);
      break;
    case 'subscribe':
      session.send({
        cmd: 'suback',
        messageId: packet.messageId ?? 1,
        granted: packet.subscriptions.map(({ qos }) => Math.min(qos, 1)),
      });
      break;
    case 'publish':
      if (packet.qos === 1) session.send({ cmd: 'puback', messageId: packet.messageId ?? 1 });
      break;
    case 'pingreq':
      session.send({ cmd: 'pingresp' });
      break;
    default:
  }
}
