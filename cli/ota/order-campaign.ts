import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { CampaignAnswer, CampaignOrder, CampaignRecord } from '@fleetwright/contracts';
import { Failure } from '../failure.ts';
import type { StageClients } from '../operator/clients.ts';

type WithoutBy<T> = T extends unknown ? Omit<T, 'by'> : never;

export function newCampaignId(now: number): string {
  return `${now.toString(36)}-${randomBytes(2).toString('hex')}`;
}

/** The stage's own function carries orders out, so that none works against what it does by itself. @throws Failure */
export async function orderCampaign(
  clients: StageClients,
  FunctionName: string,
  order: WithoutBy<CampaignOrder>,
): Promise<CampaignRecord> {
  const Payload = JSON.stringify({ ...order, by: userInfo().username });
  const { FunctionError: failed, Payload: answer } = await clients
    .of(LambdaClient)
    .send(new InvokeCommand({ FunctionName, Payload }));
  const text = Buffer.from(answer ?? []).toString('utf8');
  if (failed !== undefined) throw new Failure(`the campaign function failed: ${text}`);
  const result = JSON.parse(text) as CampaignAnswer;
  if (!result.ok) throw new Failure(result.message);
  return result.campaign;
}
