import {
  type AuditFinding,
  DescribeCertificateCommand,
  IoTClient,
  paginateListAuditFindings,
  paginateListPrincipalThings,
  type ResourceIdentifier,
} from '@aws-sdk/client-iot';
import { ifThere } from '../operator/back-off.ts';
import { withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { formatTable } from '../output/table.ts';

export interface AuditFindingsOptions extends StageOptions {
  /** Only this check, such as `DEVICE_CERTIFICATE_SHARED_CHECK`. */
  readonly check?: string;
  /** Findings of the last days. */
  readonly days: number;
  /** Those that are suppressed too. */
  readonly suppressed?: boolean;
  readonly json?: boolean;
}

const DAY = 86_400_000;

/** `fleetwright audit findings`: what Device Defender's audits found in the account. */
export async function auditFindings(options: AuditFindingsOptions): Promise<void> {
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const iot = clients.of(IoTClient);
    const until = new Date();
    const pages = paginateListAuditFindings(
      { client: iot },
      {
        startTime: new Date(until.getTime() - options.days * DAY),
        endTime: until,
        ...(options.check !== undefined && { checkName: options.check }),
        ...(options.suppressed !== true && { listSuppressedFindings: false }),
      },
    );
    const rows: (string | null)[][] = [];
    let count = 0;
    for await (const { findings = [] } of pages) {
      for (const finding of findings) {
        count++;
        const resource = describeResource(finding.nonCompliantResource?.resourceIdentifier);
        const things = await thingsOf(iot, finding);
        if (options.json === true) process.stdout.write(`${JSON.stringify({ ...finding, things })}\n`);
        else {
          rows.push([
            finding.findingTime?.toISOString() ?? null,
            finding.severity ?? null,
            finding.checkName ?? null,
            resource,
            things.join(' ') || null,
            finding.reasonForNonCompliance ?? finding.reasonForNonComplianceCode ?? null,
          ]);
        }
      }
    }
    if (options.json === true) return;
    const columns = ['time', 'severity', 'check', 'resource', 'things', 'reason'];
    process.stdout.write(`${formatTable({ columns, rows })}\n${count} finding${count === 1 ? '' : 's'}\n`);
  });
}

/** Things of the certificate that a finding names. */
async function thingsOf(iot: IoTClient, finding: AuditFinding): Promise<string[]> {
  const certificateId = finding.nonCompliantResource?.resourceIdentifier?.deviceCertificateId;
  if (certificateId === undefined) return [];
  const things: string[] = [];
  await ifThere(async () => {
    const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
    const principal = certificateDescription?.certificateArn;
    for await (const page of paginateListPrincipalThings({ client: iot }, { principal })) {
      things.push(...(page.things ?? []));
    }
  });
  return things;
}

/** A finding names one resource, by one or more of the members. */
function describeResource(resource: ResourceIdentifier | undefined): string | null {
  if (resource === undefined) return null;
  const { policyVersionIdentifier: policy, ...texts } = resource;
  if (policy !== undefined) return `policy ${policy.policyName} version ${policy.policyVersionId}`;
  const [member] = Object.entries(texts).filter(([, text]) => typeof text === 'string');
  return member === undefined ? null : `${member[0]} ${member[1]}`;
}
