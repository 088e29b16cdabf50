import type {
  AuditFinding,
  DescribeAuditFindingRequest,
  DescribeAuditFindingResponse,
  ListAuditFindingsRequest,
  ListAuditFindingsResponse,
  ListRelatedResourcesForAuditFindingRequest,
  ListRelatedResourcesForAuditFindingResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { invalidRequest } from '../../../errors.ts';
import { anywhere, reading } from '../../../iot-service.ts';
import { nameInCreationOrder } from '../../../registry/table.ts';
import { listPage } from '../../list-page.ts';
import { readPeriod } from '../../period.ts';
import type { Audit } from '../audit.ts';
import { readCheckName } from '../audit-checks.ts';
import type { FindingRecord } from '../audit-records.ts';
import { resourceKey } from '../resource-key.ts';

export function findingOperations({ tasks }: Audit): Operation[] {
  return [
    reading<ListAuditFindingsRequest, ListAuditFindingsResponse>('ListAuditFindings', anywhere, (input) => {
      const keep = findingFilter(input);
      const findingOf = (key: string) => tasks.getFinding(nameInCreationOrder(key));
      const page = listPage(tasks.findings.sortedKeys(), input, (key) => keep(findingOf(key)));
      return { findings: page.keys.map((key) => findingShape(findingOf(key))), nextToken: page.nextToken };
    }),
    reading<DescribeAuditFindingRequest, DescribeAuditFindingResponse>(
      'DescribeAuditFinding',
      anywhere,
      ({ findingId }) => ({ finding: findingShape(tasks.getFinding(findingId)) }),
    ),
    reading<ListRelatedResourcesForAuditFindingRequest, ListRelatedResourcesForAuditFindingResponse>(
      'ListRelatedResourcesForAuditFinding',
      anywhere,
      (input) => {
        const { relatedResources } = tasks.getFinding(input.findingId);
        const keys = relatedResources.map((_, index) => String(index).padStart(9, '0'));
        const page = listPage(keys, input);
        return {
          relatedResources: page.keys.flatMap((key) => relatedResources[Number(key)] ?? []),
          nextToken: page.nextToken,
        };
      },
    ),
  ];
}

/** "You must specify either the taskId or the startTime and endTime, but not both" (API ListAuditFindings). */
function findingFilter(input: ListAuditFindingsRequest): (finding: FindingRecord) => boolean {
  const timed = input.startTime !== undefined || input.endTime !== undefined;
  if (timed === (input.taskId !== undefined)) {
    throw invalidRequest('Either taskId or startTime and endTime must be given, but not both');
  }
  const period = timed ? readPeriod(input.startTime, input.endTime) : undefined;
  const checkName = input.checkName === undefined ? undefined : readCheckName(input.checkName);
  const resource = input.resourceIdentifier === undefined ? undefined : resourceKey(input.resourceIdentifier);
  return (finding) => {
    if (input.taskId !== undefined && finding.taskId !== input.taskId) return false;
    if (period !== undefined && (finding.findingTime < period.start || finding.findingTime > period.end)) return false;
    if (checkName !== undefined && finding.checkName !== checkName) return false;
    if (resource !== undefined && resourceKey(finding.resource.resourceIdentifier ?? {}) !== resource) return false;
    return input.listSuppressedFindings === undefined || finding.suppressed === input.listSuppressedFindings;
  };
}

export function findingShape(finding: FindingRecord): AuditFinding {
  return {
    findingId: finding.id,
    taskId: finding.taskId,
    checkName: finding.checkName,
    taskStartTime: new Date(finding.taskStartTime),
    findingTime: new Date(finding.findingTime),
    severity: finding.severity,
    nonCompliantResource: finding.resource,
    relatedResources: [...finding.relatedResources],
    reasonForNonCompliance: finding.reason,
    reasonForNonComplianceCode: finding.reasonCode,
    isSuppressed: finding.suppressed,
  };
}
