/** What a load client is told to do. The same order goes to every server of a comparison. */
export interface LoadOrder {
  readonly host: string;
  readonly port: number;
  readonly caFile: string;
  readonly clients: readonly LoadClient[];
  /** Unacknowledged messages of one connection. AWS IoT allows 100. */
  readonly window: number;
  readonly seconds: number;
  readonly samplesPerMessage: number;
}

export interface LoadClient {
  readonly clientId: string;
  readonly topic: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly bootId: number;
}

export interface LoadResult {
  readonly messages: number;
  readonly samples: number;
  /** ms from the first publish to the last acknowledgement */
  readonly elapsedMs: number;
  readonly acknowledgeP50Ms: number;
  readonly acknowledgeP99Ms: number;
  /** Per client: wall-clock time at which each message was published; index is sequence - 1. */
  readonly publishedAt: readonly (readonly number[])[];
}

/** A pump station's reading, about 110 bytes a sample; values vary so that rows differ. */
export function loadMessage(bootId: number, sequence: number, now: number, samples: number): string {
  const readings: string[] = [];
  for (let index = 0; index < samples; index++) {
    const v = (sequence * 7 + index * 3) % 1000;
    readings.push(
      `{"time":${now},"values":{"temperature":${40 + v / 100},"pressure":${4 + v / 1000},"rpm":${1400 + v / 10},"vibration":${1 + v / 1000}}}`,
    );
  }
  return `{"version":1,"bootId":${bootId},"sequence":${sequence},"samples":[${readings.join(',')}]}`;
}

export function summarize(
  order: LoadOrder,
  elapsedMs: number,
  connections: readonly { acknowledged: number; latencies: readonly number[]; publishedAt: readonly number[] }[],
): LoadResult {
  const messages = connections.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  const latencies = connections.flatMap((connection) => connection.latencies).sort((a, b) => a - b);
  return {
    messages,
    samples: messages * order.samplesPerMessage,
    elapsedMs,
    acknowledgeP50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    acknowledgeP99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    publishedAt: connections.map(({ publishedAt }) => publishedAt),
  };
}

/** Serves one order that the parent sends, then ends. */
export function serveOrder(run: (order: LoadOrder) => Promise<LoadResult>): (error: Error) => void {
  const fail = (error: Error): void => {
    process.send?.({ kind: 'error', message: error.message }, () => process.exit(1));
  };
  process.on('message', (order: LoadOrder) => {
    run(order).then((result) => process.send?.({ kind: 'result', result }, () => process.exit(0)), fail);
  });
  process.on('disconnect', () => process.exit(1));
  return fail;
}
