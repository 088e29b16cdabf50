import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';

/** An entry of the admissions table. */
export const admissionSchema = z.object({
  status: z.enum(['allowed', 'denied']),
  /** The device may register for this site only. */
  site: z.string().optional(),
  /** The device may register as this type only. */
  deviceType: z.string().optional(),
});

export type Admission = z.infer<typeof admissionSchema>;

/**
 * Reads one entry, strongly consistently: a device that was denied a moment ago is denied.
 * @param milliseconds after which the read is given up
 * @throws when the table does not answer in time or holds an entry of another shape
 */
export async function readAdmission(
  client: DynamoDBClient,
  tableName: string,
  serialNumber: string,
  milliseconds: number,
): Promise<Admission | undefined> {
  const { Item: item } = await client.send(
    new GetItemCommand({ TableName: tableName, Key: { serialNumber: { S: serialNumber } }, ConsistentRead: true }),
    { abortSignal: AbortSignal.timeout(milliseconds) },
  );
  if (item === undefined) return undefined;
  return admissionSchema.parse({ status: item.status?.S, site: item.site?.S, deviceType: item.deviceType?.S });
}
