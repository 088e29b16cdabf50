import type { MqttMessage, ReservedTopicHandler } from '../../../../core/mqtt.ts';
import type { Collection } from '../../../../core/store.ts';
import { PAYLOAD_FORMATS, type PayloadFormat } from '../../provisioning/payload-format.ts';
import { MIN_REPORT_INTERVAL } from '../limits.ts';
import type { Detect } from './detect.ts';
import { malformed, ReportRejection, readReport } from './device-report.ts';

/** The last report of a thing. */
interface LastReport {
  readonly reportId: number;
  readonly at: number;
}

/** Reports that come every 300 seconds by a device's clock may come a little closer by this one. ms */
const TOLERANCE = 10_000;
const MAX_THING_NAME_BYTES = 128;

/** `$aws/things/<thing>/defender/metrics/<format>` (developer guide, `reserved-topics`, `detect-device-side-metrics`). */
export function reportTopics(detect: Detect): ReservedTopicHandler[] {
  const { store } = detect.service.context;
  const last = store.collection<LastReport>('iot/detectReports');
  return PAYLOAD_FORMATS.map((format) => {
    const handle = (message: MqttMessage): Promise<void> => answer(detect, last, format, message);
    return { filter: `$aws/things/+/defender/metrics/${format.name}`, handle, handleService: handle };
  });
}

async function answer(
  detect: Detect,
  last: Collection<LastReport>,
  format: PayloadFormat,
  message: MqttMessage,
): Promise<void> {
  const { clock, ports, store } = detect.service.context;
  const thingName = message.topic.split('/')[2] as string;
  const timestamp = clock.now();
  const reply = (suffix: string, value: object): Promise<void> =>
    ports.get('broker').publish({
      topic: `${message.topic}/${suffix}`,
      payload: format.write(value),
      qos: 1,
      retain: false,
      receivedAt: timestamp,
    });
  let reportId: number | undefined;
  try {
    const report = readReport(read(format, message.payload), detect.names.customType);
    reportId = report.reportId;
    accept(last, thingName, report.reportId, timestamp);
    detect.detector.reported(thingName, timestamp, report.values);
    await store.durable();
  } catch (error) {
    if (!(error instanceof ReportRejection)) throw error;
    await reply('rejected', {
      thingName,
      ...(reportId === undefined ? {} : { reportId }),
      status: 'REJECTED',
      statusDetails: { ErrorCode: error.code, ErrorMessage: error.message },
      timestamp,
    });
    return;
  }
  await reply('accepted', { thingName, reportId, status: 'ACCEPTED', timestamp });
}

function read(format: PayloadFormat, payload: Buffer): unknown {
  try {
    return format.read(payload);
  } catch {
    throw malformed();
  }
}

/** Reports of a thing have growing ids, and are not closer than five minutes. */
function accept(last: Collection<LastReport>, thingName: string, reportId: number, at: number): void {
  // "Messages reported by devices are rejected if the thing name contains control characters or … is longer than 128 bytes"
  if (/\p{Cc}/u.test(thingName) || Buffer.byteLength(thingName) > MAX_THING_NAME_BYTES) {
    throw new ReportRejection('InvalidPayload', 'Invalid thing name');
  }
  const before = last.get(thingName);
  if (before !== undefined && reportId <= before.reportId) {
    throw new ReportRejection('InvalidPayload', `report_id must be greater than ${before.reportId}`);
  }
  if (before !== undefined && at - before.at < MIN_REPORT_INTERVAL - TOLERANCE) {
    throw new ReportRejection('Throttled', 'Metrics reports must be at least 300 seconds apart');
  }
  last.put(thingName, { reportId, at });
}
