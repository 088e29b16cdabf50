import { open } from 'node:fs/promises';
import * as z from 'zod';
import type { CustomMetricValue } from './metrics-report.ts';

/** A custom metric whose value another program, or the kernel, keeps in a file. */
export const metricFileSchema = z.strictObject({
  /** As it is called in AWS IoT (API `CreateCustomMetric`); the platform's own are `<project>-<stage>-<name>`. */
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/, 'must be 1 to 128 letters, digits, _ or -'),
  file: z.string().startsWith('/', 'must be an absolute path'),
  /** As it was created with. Lists have one value for each line. */
  type: z.enum(['number', 'number-list', 'string-list', 'ip-address-list']).default('number'),
  /** What each number is multiplied by: 0.001 makes degrees of `/sys/class/thermal/thermal_zone0/temp`. */
  scale: z.number().default(1),
});
export type MetricFile = z.infer<typeof metricFileSchema>;

/** A report of Device Defender is a message: none of its metrics may fill it. */
const MAX_BYTES = 16_384;

/** Reads the value that the file has now. Undefined when there is no such file: nothing is known yet. @throws Error naming file and value */
export async function readMetric(metric: MetricFile): Promise<CustomMetricValue | undefined> {
  const text = await contentOf(metric.file);
  if (text === undefined) return undefined;
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  switch (metric.type) {
    case 'number':
      if (lines.length !== 1) throw new Error(`${metric.file} has ${lines.length} lines, and a number has one`);
      return { number: numberOf(lines[0] as string, metric) };
    case 'number-list':
      return { number_list: lines.map((line) => numberOf(line, metric)) };
    case 'string-list':
      return { string_list: lines };
    case 'ip-address-list':
      return { ip_list: lines };
  }
}

function numberOf(line: string, { file, scale }: MetricFile): number {
  const value = Number(line) * scale;
  if (!Number.isFinite(value)) throw new Error(`${file} holds "${line.slice(0, 40)}", which is no number`);
  return value;
}

async function contentOf(file: string): Promise<string | undefined> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    // Files of sysfs tell a size that is not theirs.
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1);
    if (bytesRead > MAX_BYTES) throw new Error(`${file} has more than ${MAX_BYTES} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
