import type { IotLogEntry, IotLogs } from '../../../../core/iot-logs.ts';
import type { ConnectionActivity, DeviceActivity, DeviceConnection } from '../../../../core/mqtt.ts';

const UNAUTHORIZED = { reason: 'AUTHORIZATION_FAILURE', details: 'Authorization Failure' } as const;

/** Writes what the broker tells of devices to the AWS IoT logs, and passes it on. */
export class LoggedActivity implements DeviceActivity {
  readonly #next: DeviceActivity;
  readonly #logs: IotLogs;

  constructor(next: DeviceActivity, logs: IotLogs) {
    this.#next = next;
    this.#logs = logs;
  }

  attempted(clientId: string): void {
    this.#next.attempted(clientId);
  }

  refused(clientId: string, sourceIp?: string, principalId?: string): void {
    this.#next.refused(clientId, sourceIp, principalId);
    if (!this.#logs.wants('ERROR')) return;
    const subject = { clientId, ...(principalId === undefined ? {} : { principalId }), sourceIp };
    this.#logs.write(failure('Connect', subject));
  }

  connected(connection: DeviceConnection): ConnectionActivity {
    const activity = this.#next.connected(connection);
    if (this.#logs.wants('INFO')) this.#logs.write(success('Connect', connection));
    return new LoggedConnection(activity, connection, this.#logs);
  }

  disconnected(connection: DeviceConnection, reason: string): void {
    this.#next.disconnected(connection, reason);
    if (this.#logs.wants('INFO')) this.#logs.write(success('Disconnect', connection, { disconnectReason: reason }));
  }
}

class LoggedConnection implements ConnectionActivity {
  readonly #next: ConnectionActivity;
  readonly #connection: DeviceConnection;
  readonly #logs: IotLogs;

  constructor(next: ConnectionActivity, connection: DeviceConnection, logs: IotLogs) {
    this.#next = next;
    this.#connection = connection;
    this.#logs = logs;
  }

  sent(topicName: string, bytes: number, retain?: boolean): void {
    this.#next.sent(topicName, bytes, retain);
    if (!this.#logs.wants('INFO')) return;
    const more: Partial<IotLogEntry> = retain === true ? { topicName, retain: 'True' } : { topicName };
    this.#logs.write(success('Publish-In', this.#connection, more));
  }

  received(topicName: string): void {
    this.#next.received(topicName);
    if (this.#logs.wants('INFO')) this.#logs.write(success('Publish-Out', this.#connection, { topicName }));
  }

  subscribed(topicName: string): void {
    if (this.#logs.wants('INFO')) this.#logs.write(success('Subscribe', this.#connection, { topicName }));
  }

  denied(topicName: string, action?: 'publish' | 'subscribe'): void {
    this.#next.denied(topicName, action);
    if (!this.#logs.wants('ERROR')) return;
    const eventType = action === 'subscribe' ? 'Subscribe' : 'Publish-In';
    this.#logs.write(failure(eventType, this.#connection, { topicName }));
  }
}

type Subject = Pick<DeviceConnection, 'clientId'> &
  Partial<Pick<DeviceConnection, 'principalId'>> & {
    readonly sourceIp?: string | undefined;
  };

function success(eventType: string, subject: Subject, more: Partial<IotLogEntry> = {}): IotLogEntry {
  return { logLevel: 'INFO', status: 'Success', eventType, protocol: 'MQTT', ...more, ...identityOf(subject) };
}

function failure(eventType: string, subject: Subject, more: Partial<IotLogEntry> = {}): IotLogEntry {
  const common = { logLevel: 'ERROR', status: 'Failure', eventType, protocol: 'MQTT' } as const;
  return { ...common, ...more, ...identityOf(subject), ...UNAUTHORIZED };
}

function identityOf({ clientId, principalId, sourceIp }: Subject) {
  return { clientId, principalId, sourceIp };
}
