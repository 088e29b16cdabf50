import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import {
  DescribeCertificateCommand,
  type IoTClient,
  paginateListAttachedPolicies,
  paginateListCertificatesByCA,
  paginateListPrincipalThings,
} from '@aws-sdk/client-iot';
import { z } from 'zod';
import { ifThere } from '../operator/back-off.ts';

const rotationSchema = z.object({ retired: z.array(z.object({ certificateId: z.string() })) });

/** ARNs of certificates that the stage's CAs have brought in, also those that were never activated. */
export async function certificatesOfAuthorities(
  iot: IoTClient,
  caCertificateIds: readonly string[],
): Promise<string[]> {
  const arns: string[] = [];
  for (const caCertificateId of caCertificateIds) {
    await ifThere(async () => {
      const pages = paginateListCertificatesByCA({ client: iot, pageSize: 250 }, { caCertificateId });
      for await (const { certificates = [] } of pages) {
        arns.push(...certificates.map(({ certificateArn = '' }) => certificateArn));
      }
    });
  }
  return arns;
}

/**
 * ARNs of certificates that rotation has taken out of use and not yet deleted. One that somebody has taken into use again
 * is left out.
 */
export async function certificatesOutOfUse(
  iot: IoTClient,
  dynamodb: DynamoDBClient,
  rotationTable: string | undefined,
): Promise<string[]> {
  if (rotationTable === undefined) return [];
  const ids: string[] = [];
  await ifThere(async () => {
    const pages = paginateScan(
      { client: dynamodb },
      { TableName: rotationTable, ProjectionExpression: '#r', ExpressionAttributeNames: { '#r': 'record' } },
    );
    for await (const { Items = [] } of pages) {
      for (const { record } of Items) {
        const parsed = rotationSchema.safeParse(JSON.parse(record?.S ?? 'null'));
        if (parsed.success) ids.push(...parsed.data.retired.map(({ certificateId }) => certificateId));
      }
    }
  });
  const arns: string[] = [];
  for (const certificateId of ids) {
    const arn = await unusedArn(iot, certificateId);
    if (arn !== undefined) arns.push(arn);
  }
  return arns;
}

async function unusedArn(iot: IoTClient, certificateId: string): Promise<string | undefined> {
  const known = await ifThere(() => iot.send(new DescribeCertificateCommand({ certificateId })));
  const { certificateArn: arn, status } = known?.certificateDescription ?? {};
  if (arn === undefined || status !== 'INACTIVE') return undefined;
  for await (const { things = [] } of paginateListPrincipalThings({ client: iot }, { principal: arn })) {
    if (things.length > 0) return undefined;
  }
  for await (const { policies = [] } of paginateListAttachedPolicies({ client: iot }, { target: arn })) {
    if (policies.length > 0) return undefined;
  }
  return arn;
}
