/** Names what the cloud counts; the CLI prints these as live counters. */
export type MeterName =
  | 'api.calls'
  | 'http.requests'
  | 'iam.evaluations'
  | 'iam.denied'
  | 'iot.policyEvaluations'
  | 'iot.policyDenied'
  | 'lambda.invocations'
  | 'lambda.errors'
  | 'lambda.coldStarts'
  | 'mqtt.connections'
  | 'mqtt.connectsRefused'
  | 'mqtt.publishesIn'
  | 'mqtt.publishesOut'
  | 'rules.matched'
  | 'rules.actions'
  | 'rules.actionFailures'
  | 'rules.errorActions'
  | 'sqs.messagesSent'
  | 'sqs.messagesDeleted'
  | 'sqs.messagesDeadLettered'
  | 'timestream.recordsStored'
  | 'timestream.recordsRejected'
  | 'firehose.records'
  | 's3.puts';

export class Meter {
  readonly #counts = new Map<MeterName, number>();

  count(name: MeterName, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  get(name: MeterName): number {
    return this.#counts.get(name) ?? 0;
  }

  snapshot(): Partial<Record<MeterName, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => a.localeCompare(b)));
  }
}
