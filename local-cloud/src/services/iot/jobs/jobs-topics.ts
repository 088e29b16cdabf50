import { messageOf } from '../../../core/errors.ts';
import type { DeviceConnection, MqttMessage, ReservedTopicHandler } from '../../../core/mqtt.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { DeviceJobError, invalidDeviceRequest } from './device-job-error.ts';
import type { DeviceJobs } from './device-jobs.ts';
import { detailsOf, seconds, stateOf, summaryOf } from './execution-views.ts';
import type { JobDocuments } from './job-document.ts';
import type { JobsState } from './jobs-state.ts';
import type { ExecutionRecord } from './records.ts';

export interface JobsTopicsParts {
  readonly context: CloudContext;
  readonly state: JobsState;
  readonly devices: DeviceJobs;
  readonly documents: JobDocuments;
}

type Payload = Readonly<Record<string, unknown>>;
type Answer = (thingName: string, jobId: string, payload: Payload) => object | Promise<object>;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The jobs device MQTT API (developer guide, `jobs-mqtt-api`). Answers go to the device that asked, subscribed or not, and
 * to nobody else; a request that no device made is carried out and answered to nobody.
 */
export function jobsTopics(parts: JobsTopicsParts): ReservedTopicHandler[] {
  const { devices, context } = parts;
  const withDocument = (execution: ExecutionRecord | undefined, include: boolean) =>
    execution === undefined ? {} : executionView(parts, execution, include);
  return [
    handler(parts, '$aws/things/+/jobs/get', (thingName) => {
      const { inProgress, queued } = devices.pending(thingName);
      return { inProgressJobs: inProgress.map(summaryOf), queuedJobs: queued.map(summaryOf) };
    }),
    handler(parts, '$aws/things/+/jobs/start-next', async (thingName, _jobId, payload) => {
      const execution = devices.startNext(thingName, payload);
      await context.store.durable();
      return withDocument(execution, true);
    }),
    handler(parts, '$aws/things/+/jobs/+/get', (thingName, jobId, payload) => {
      const include = readBoolean('includeJobDocument', payload.includeJobDocument, true);
      return withDocument(devices.describe(thingName, jobId, payload), include);
    }),
    handler(parts, '$aws/things/+/jobs/+/update', async (thingName, jobId, payload) => {
      const includeState = readBoolean('includeJobExecutionState', payload.includeJobExecutionState, false);
      const includeDocument = readBoolean('includeJobDocument', payload.includeJobDocument, false);
      const execution = devices.update(thingName, jobId, payload);
      await context.store.durable();
      return {
        ...(includeState ? { executionState: stateOf(execution) } : {}),
        ...(includeDocument ? { jobDocument: await documentOf(parts, execution) } : {}),
      };
    }),
    // "The request was sent to a topic in the AWS IoT Jobs namespace that does not map to any API" (`jobs-api`).
    handler(parts, '$aws/things/+/jobs/+/+/#', unknownTopic),
    handler(parts, '$aws/things/+/jobs/+/+', unknownTopic),
  ];
}

const unknownTopic: Answer = () => {
  throw new DeviceJobError('InvalidTopic', 'The topic does not map to any API of AWS IoT Jobs.');
};

function handler(parts: JobsTopicsParts, filter: string, answer: Answer): ReservedTopicHandler {
  const { context } = parts;
  const respond = async (message: MqttMessage, connection: DeviceConnection | undefined): Promise<void> => {
    const [, , thingName = '', , jobId = ''] = message.topic.split('/');
    const reply = (suffix: string, value: object): void => {
      if (connection === undefined) return;
      const payload = Buffer.from(JSON.stringify(value));
      context.ports.get('broker').reply(connection.clientId, `${message.topic}/${suffix}`, payload);
    };
    let clientToken: unknown;
    const common = () => ({
      timestamp: seconds(context.clock.now()),
      ...(typeof clientToken === 'string' ? { clientToken } : {}),
    });
    try {
      const payload = readPayload(message.payload);
      clientToken = payload.clientToken;
      if (clientToken !== undefined && typeof clientToken !== 'string') {
        throw invalidDeviceRequest('clientToken must be a string');
      }
      reply('accepted', { ...common(), ...(await answer(thingName, jobId, payload)) });
    } catch (error) {
      const rejection = asRejection(context, error);
      context.log('info', 'jobs request rejected', { topic: message.topic, code: rejection.code });
      reply('rejected', {
        ...common(),
        code: rejection.code,
        message: rejection.message,
        ...(rejection.execution === undefined ? {} : { executionState: stateOf(rejection.execution) }),
      });
    }
  };
  return { filter, handle: respond, handleService: (message) => respond(message, undefined) };
}

async function executionView(parts: JobsTopicsParts, execution: ExecutionRecord, include: boolean): Promise<object> {
  const { jobId: id, ...details } = detailsOf(execution, parts.context.clock.now());
  return {
    execution: {
      jobId: id,
      thingName: execution.thingName,
      ...details,
      ...(include ? { jobDocument: await documentOf(parts, execution) } : {}),
    },
  };
}

/** "In MQTT responses, the jobDocument field is a JSON object" (`key-concepts-jobs`). */
async function documentOf({ state, documents }: JobsTopicsParts, { jobId }: ExecutionRecord): Promise<unknown> {
  const job = state.jobs.get(jobId);
  if (job === undefined) throw new DeviceJobError('ResourceNotFound', `Job ${jobId} not found.`);
  return JSON.parse(await documents.render(job));
}

/** An empty payload is an empty request. */
function readPayload(bytes: Buffer): Payload {
  if (bytes.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new DeviceJobError('InvalidJson', 'The request is not valid UTF-8 encoded JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidDeviceRequest('The request must be a JSON object');
  }
  return value as Payload;
}

function readBoolean(name: string, value: unknown, absent: boolean): boolean {
  if (value === undefined || value === null) return absent;
  if (typeof value !== 'boolean') throw invalidDeviceRequest(`${name} must be a boolean`);
  return value;
}

function asRejection(context: CloudContext, error: unknown): DeviceJobError {
  if (error instanceof DeviceJobError) return error;
  context.log('error', 'a jobs request failed', { reason: messageOf(error) });
  return new DeviceJobError('InternalError', 'There was an internal error during the processing of the request.');
}
