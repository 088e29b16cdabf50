import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { deviceTypeGroupName, siteGroupName } from '@fleetwright/contracts';
import { CsvError } from '../device/csv.ts';
import {
  type BadLine,
  ListError,
  type ManufacturingList,
  readManufacturingList,
} from '../device/manufacturing-list.ts';
import { registerDevice } from '../device/register-device.ts';
import { Failure, messageOf } from '../failure.ts';
import { withClients } from '../operator/clients.ts';
import { inParallel } from '../operator/in-parallel.ts';
import { openStage, type Stage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageResources, stageStacks } from '../operator/stage-stacks.ts';
import { createProgress } from '../output/progress.ts';
import { physicalIds } from '../purge/inventory.ts';

export interface DeviceImportOptions extends StageOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  /** PEM file of the CA that signed the certificates, where it is registered. */
  readonly caCertificate?: string;
  /** Directory for certificates that are signed for CSRs. */
  readonly out?: string;
  readonly report?: string;
}

/** Devices under way at once: each takes about seven calls, of which AWS IoT takes ten to a hundred a second. */
const WIDTH = 8;

interface Line {
  readonly line: number;
  readonly serialNumber?: string;
  readonly outcome: 'registered' | 'present' | 'failed';
  readonly thingName?: string;
  readonly certificateId?: string;
  readonly reason?: string;
}

/** `fleetwright device import`: registers every device of a manufacturing list, and tells of each line that cannot be. */
export async function deviceImport(file: string, options: DeviceImportOptions): Promise<void> {
  const stage = openStage(options);
  const progress = createProgress(process.stderr, false);
  await withClients(stage, async ({ cloudFormation, iot }) => {
    const stacks = await stageStacks(cloudFormation, stage);
    const outputs = stageOutputs(stacks, stage, ['Sites', 'DeviceTypes']);
    const list = readList(file, outputs.Sites.split(','), outputs.DeviceTypes.split(','));
    progress.step(`${list.devices.length} devices to register, ${list.bad.length} bad lines`);
    const lines: Line[] = list.bad.map((bad: BadLine) => ({ ...bad, outcome: 'failed' }));
    if (options.dryRun !== true) {
      const groups = new Set(physicalIds(await stageResources(cloudFormation, stacks), 'AWS::IoT::ThingGroup'));
      const registration = {
        iot,
        names: stage.names,
        groupsOf: ({ deviceType, site }: { deviceType: string; site: string }) =>
          [siteGroupName(stage.prefix, site), deviceTypeGroupName(stage.prefix, deviceType)].filter((name) =>
            groups.has(name),
          ),
        keepCertificate: certificateKeeper(list, options.out),
        ...(options.caCertificate !== undefined && { caPem: readFileSync(options.caCertificate, 'utf8') }),
      };
      let done = 0;
      await inParallel(list.devices, WIDTH, async (device) => {
        const { line, serialNumber } = device;
        try {
          const { before, ...registered } = await registerDevice(device, registration);
          lines.push({ line, serialNumber, ...registered, outcome: before ? 'present' : 'registered' });
        } catch (error) {
          lines.push({ line, serialNumber, outcome: 'failed', reason: messageOf(error) });
        }
        progress.live(`${++done} of ${list.devices.length} devices`);
      });
    }
    report(file, lines, list, options, stage, progress);
  });
}

function readList(file: string, sites: string[], deviceTypes: string[]): ManufacturingList {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${messageOf(error)}`);
  }
  try {
    return readManufacturingList(text, {
      sites,
      deviceTypes,
      now: Date.now(),
      readFile: (path) => readFileSync(resolve(dirname(file), path), 'utf8'),
    });
  } catch (error) {
    if (error instanceof ListError || error instanceof CsvError) throw new Failure(`${file}: ${error.message}`);
    throw error;
  }
}

/** @throws Failure when certificates will be made and there is no place for them */
function certificateKeeper(
  { devices }: ManufacturingList,
  out: string | undefined,
): (serial: string, pem: string) => void {
  if (!devices.some(({ credential }) => credential.kind === 'csr')) return () => {};
  if (out === undefined) {
    throw new Failure('the list holds signing requests: name a directory for the signed certificates with --out');
  }
  mkdirSync(out, { recursive: true });
  return (serialNumber, pem) => writeFileSync(join(out, `${serialNumber}.pem`), pem);
}

function report(
  file: string,
  lines: readonly Line[],
  list: ManufacturingList,
  options: DeviceImportOptions,
  stage: Stage,
  progress: ReturnType<typeof createProgress>,
): void {
  const ordered = [...lines].sort((left, right) => left.line - right.line);
  const count = (outcome: Line['outcome']) => ordered.filter((line) => line.outcome === outcome).length;
  const failed = ordered.filter(({ outcome }) => outcome === 'failed');
  const reportFile = options.report ?? `${file}.report.jsonl`;
  if (options.dryRun !== true) {
    writeFileSync(reportFile, ordered.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
  for (const { line, reason, serialNumber } of failed) {
    process.stderr.write(`line ${line}${serialNumber === undefined ? '' : ` (${serialNumber})`}: ${reason}\n`);
  }
  const summary = {
    stage: stage.prefix,
    registered: count('registered'),
    present: count('present'),
    failed: failed.length,
    ...(options.dryRun === true ? { wouldRegister: list.devices.length } : { report: reportFile }),
  };
  if (options.json === true) process.stdout.write(`${JSON.stringify({ ...summary, failures: failed })}\n`);
  const dry = options.dryRun === true ? `, ${list.devices.length} would be (dry run)` : `; each line in ${reportFile}`;
  progress.done(`${summary.registered} registered, ${summary.present} there before, ${summary.failed} failed${dry}`);
  if (failed.length > 0) {
    process.stderr.write(
      'Repair the lines that failed and import the list again: what is registered stays as it is.\n',
    );
    process.exitCode = 1;
  }
}
