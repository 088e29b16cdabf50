import { type DynamoDBClient, GetItemCommand, paginateQuery, paginateScan } from '@aws-sdk/client-dynamodb';
import {
  type CampaignRecord,
  campaignRecordSchema,
  DEVICE_HISTORY_INDEX,
  type DeviceUpdate,
  deviceUpdateSchema,
  KEY_SET_ITEM,
  type ReleaseRecord,
  releaseItemId,
  releaseRecordSchema,
  type SignedKeySet,
  signedKeySetSchema,
  type UploadRecord,
  uploadItemId,
  uploadRecordSchema,
} from '@fleetwright/contracts';
import type { z } from 'zod';

/** Outputs of the OTA stack that name its tables. */
export const TABLE_OUTPUTS = ['ReleaseTableName', 'CampaignTableName', 'CampaignDeviceTableName'] as const;
export type TableOutputs = Readonly<Record<(typeof TABLE_OUTPUTS)[number], string>>;

type Item = Readonly<Record<string, { readonly S?: string | undefined }>>;

/** What the OTA stack keeps, read only. */
export class FirmwareTables {
  readonly #client: DynamoDBClient;
  readonly #names: TableOutputs;

  constructor(client: DynamoDBClient, names: TableOutputs) {
    this.#client = client;
    this.#names = names;
  }

  upload(uploadId: string): Promise<UploadRecord | undefined> {
    return this.#get(this.#names.ReleaseTableName, { id: uploadItemId(uploadId) }, uploadRecordSchema);
  }

  release(version: string): Promise<ReleaseRecord | undefined> {
    return this.#get(this.#names.ReleaseTableName, { id: releaseItemId(version) }, releaseRecordSchema);
  }

  keySet(): Promise<SignedKeySet | undefined> {
    return this.#get(this.#names.ReleaseTableName, { id: KEY_SET_ITEM }, signedKeySetSchema);
  }

  campaign(campaignId: string): Promise<CampaignRecord | undefined> {
    return this.#get(this.#names.CampaignTableName, { campaignId }, campaignRecordSchema);
  }

  async releases(): Promise<ReleaseRecord[]> {
    const items = await this.#scan(this.#names.ReleaseTableName);
    return items
      .filter((item) => item.id?.S?.startsWith(releaseItemId('')) === true)
      .map((item) => read(item, releaseRecordSchema));
  }

  async refusals(): Promise<UploadRecord[]> {
    const items = await this.#scan(this.#names.ReleaseTableName);
    return items
      .filter((item) => item.id?.S?.startsWith(uploadItemId('')) === true)
      .map((item) => read(item, uploadRecordSchema))
      .filter(({ state }) => state === 'refused');
  }

  async campaigns(): Promise<CampaignRecord[]> {
    return (await this.#scan(this.#names.CampaignTableName)).map((item) => read(item, campaignRecordSchema));
  }

  devices(campaignId: string): Promise<DeviceUpdate[]> {
    return this.#query('campaignId', campaignId);
  }

  history(thingName: string): Promise<DeviceUpdate[]> {
    return this.#query('thingName', thingName, DEVICE_HISTORY_INDEX);
  }

  async #get<T>(TableName: string, key: Record<string, string>, schema: z.ZodType<T>): Promise<T | undefined> {
    const Key = Object.fromEntries(Object.entries(key).map(([name, value]) => [name, { S: value }]));
    const { Item: item } = await this.#client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    return item === undefined ? undefined : read(item, schema);
  }

  async #scan(TableName: string): Promise<Item[]> {
    const items: Item[] = [];
    for await (const { Items = [] } of paginateScan({ client: this.#client }, { TableName })) items.push(...Items);
    return items;
  }

  async #query(key: string, value: string, IndexName?: string): Promise<DeviceUpdate[]> {
    const found: DeviceUpdate[] = [];
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#names.CampaignDeviceTableName,
        ...(IndexName !== undefined && { IndexName }),
        KeyConditionExpression: '#key = :value',
        ExpressionAttributeNames: { '#key': key },
        ExpressionAttributeValues: { ':value': { S: value } },
      },
    );
    for await (const { Items = [] } of pages) found.push(...Items.map((item) => read(item, deviceUpdateSchema)));
    return found;
  }
}

function read<T>(item: Item, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(item.record?.S ?? 'null'));
}
