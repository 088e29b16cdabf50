import { request } from 'node:https';
import { type BackoffPolicy, backoffDelay } from '../../backoff.ts';
import { type DeviceClock, sleep } from '../../clock.ts';
import { httpsAgent, type ProxySettings } from '../../connection/proxy-tunnel.ts';
import { reasonOf } from '../../errors.ts';
import type { JobHandler } from '../job-handler.ts';

/** What the agent has logged. */
export interface LogSource {
  /** The newest whole lines, `maxBytes` at most. */
  newest(maxBytes: number): Promise<Uint8Array>;
}

export interface UploadLogsOptions {
  readonly logs: LogSource;
  readonly clock: DeviceClock;
  readonly random: () => number;
  /** PEM of the CA of the server; undefined means the system's trust store, as for AWS itself. */
  readonly serverCaPem?: string | undefined;
  readonly proxy?: ProxySettings | undefined;
  /** Most attempts at an upload that fails in passing. @default 5 */
  readonly attempts?: number;
}

const BACKOFF: BackoffPolicy = { base: 2_000, cap: 60_000 };
/** ms without any progress of the upload */
const IDLE_TIMEOUT = 30_000;

/** Uploads the newest logs by one presigned PUT (Amazon S3 user guide, "Uploading objects with presigned URLs"). */
export function uploadLogsHandler(options: UploadLogsOptions): JobHandler<'upload-logs'> {
  const { attempts = 5, clock, logs, random } = options;
  return {
    operation: 'upload-logs',
    async run({ document, renew, report, signal }) {
      const body = await logs.newest(document.maxBytes);
      if (body.byteLength > document.maxBytes) throw new Error('the source of logs gave more than was asked for');
      report({ stage: 'uploading', bytes: String(body.byteLength) });
      let { url } = document;
      for (let attempt = 1; ; attempt++) {
        const failure = await put(url, body, options, signal);
        if (failure === undefined) return { status: 'succeeded', details: { bytes: String(body.byteLength) } };
        signal.throwIfAborted();
        if (!failure.passing || attempt === attempts) {
          return { status: 'failed', details: { reason: 'UPLOAD_FAILED', detail: failure.message } };
        }
        await sleep(clock, backoffDelay(BACKOFF, attempt, random()), signal);
        signal.throwIfAborted();
        url = (await renew()).url;
      }
    },
  };
}

interface UploadFailure {
  readonly message: string;
  /** Whether another attempt may do. A 403 may: its URL can have expired and is asked for anew. */
  readonly passing: boolean;
}

function put(
  url: string,
  body: Uint8Array,
  { proxy, serverCaPem }: UploadLogsOptions,
  signal: AbortSignal,
): Promise<UploadFailure | undefined> {
  return new Promise((resolve) => {
    const fail = (error: unknown): void => resolve({ message: reasonOf(error), passing: true });
    try {
      const sent = request(url, {
        method: 'PUT',
        headers: { 'content-length': body.byteLength },
        timeout: IDLE_TIMEOUT,
        signal,
        agent: httpsAgent(proxy, serverCaPem === undefined ? {} : { ca: serverCaPem }),
      });
      sent.on('timeout', () => sent.destroy(new Error(`no progress for ${IDLE_TIMEOUT} ms`)));
      sent.on('error', fail);
      sent.on('response', (response) => {
        const status = response.statusCode ?? 0;
        response.resume();
        response.on('error', fail);
        response.on('end', () => {
          if (status >= 200 && status < 300) return resolve(undefined);
          resolve({
            message: `the server answered ${status}`,
            passing: status >= 500 || status === 403 || status === 429,
          });
        });
      });
      sent.end(body);
    } catch (error) {
      // A URL that is none: its words are not repeated, since it may carry a signature.
      resolve({ message: error instanceof TypeError ? 'the URL is not valid' : reasonOf(error), passing: false });
    }
  });
}
