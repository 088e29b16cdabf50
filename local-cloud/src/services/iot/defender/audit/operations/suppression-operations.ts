import type {
  CreateAuditSuppressionRequest,
  DeleteAuditSuppressionRequest,
  DescribeAuditSuppressionRequest,
  DescribeAuditSuppressionResponse,
  ListAuditSuppressionsRequest,
  ListAuditSuppressionsResponse,
  UpdateAuditSuppressionRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { anywhere, changing, reading } from '../../../iot-service.ts';
import { listPage } from '../../list-page.ts';
import type { Audit } from '../audit.ts';
import { readCheckName } from '../audit-checks.ts';
import type { SuppressionRecord } from '../audit-records.ts';
import { suppressionShape } from '../audit-suppressions.ts';
import { resourceKey } from '../resource-key.ts';

export function suppressionOperations({ service, suppressions }: Audit): Operation[] {
  return [
    changing<CreateAuditSuppressionRequest, object>(service, 'CreateAuditSuppression', anywhere, (input) => {
      suppressions.create(input);
      return {};
    }),
    reading<DescribeAuditSuppressionRequest, DescribeAuditSuppressionResponse>(
      'DescribeAuditSuppression',
      anywhere,
      (input) => suppressionShape(suppressions.get(input)),
    ),
    changing<UpdateAuditSuppressionRequest, object>(service, 'UpdateAuditSuppression', anywhere, (input) => {
      suppressions.update(input);
      return {};
    }),
    changing<DeleteAuditSuppressionRequest, object>(service, 'DeleteAuditSuppression', anywhere, (input) => {
      suppressions.delete(input);
      return {};
    }),
    reading<ListAuditSuppressionsRequest, ListAuditSuppressionsResponse>('ListAuditSuppressions', anywhere, (input) => {
      const checkName = input.checkName === undefined ? undefined : readCheckName(input.checkName);
      const resource = input.resourceIdentifier === undefined ? undefined : resourceKey(input.resourceIdentifier);
      const of = (key: string) => suppressions.table.get(key) as SuppressionRecord;
      const page = listPage(
        suppressions.table.sortedKeys(),
        input,
        (key) =>
          (checkName === undefined || of(key).checkName === checkName) &&
          (resource === undefined || resourceKey(of(key).identifier) === resource),
        input.ascendingOrder === false,
      );
      return { suppressions: page.keys.map((key) => suppressionShape(of(key))), nextToken: page.nextToken };
    }),
  ];
}
