import type { InvocationResponse } from '@aws-sdk/client-lambda';
import { messageOf } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { HOOK_TIMEOUT } from '../limits.ts';
import { accessDenied } from './rejection.ts';

/** What AWS IoT sends to the function (developer guide, `pre-provisioning-hook`, "Pre-provision hook input"). */
export interface HookEvent {
  readonly claimCertificateId: string;
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly templateArn: string;
  readonly clientId: string;
  readonly parameters: Readonly<Record<string, string>>;
}

type Outcome = { readonly answer: InvocationResponse } | { readonly late: true };

/**
 * Asks the function whether the device may be provisioned.
 * @returns the parameter overrides
 * @throws ProvisioningRejection ACCESS_DENIED when it fails, takes longer than 5 seconds, or does not return
 *   `"allowProvisioning": true`; the reason goes to the log, not to the device
 */
export async function runPreProvisioningHook(
  context: CloudContext,
  functionArn: string,
  event: HookEvent,
): Promise<ReadonlyMap<string, string>> {
  const refuse = (reason: string): Error => {
    const { templateArn, clientId } = event;
    context.log('warn', 'pre-provisioning hook refused a device', { functionArn, templateArn, clientId, reason });
    return accessDenied('Access Denied');
  };
  const outcome = await invoke(context, functionArn, event).catch((error: unknown) => {
    throw refuse(`it could not be invoked: ${messageOf(error)}`);
  });
  if ('late' in outcome) throw refuse(`it took longer than ${HOOK_TIMEOUT} ms`);
  const { answer } = outcome;
  if (answer.FunctionError !== undefined) throw refuse(`it failed: ${answer.FunctionError}`);
  const result = parse(answer.Payload);
  if (result?.allowProvisioning !== true) throw refuse('it did not return "allowProvisioning": true');
  const overrides = readOverrides(result.parameterOverrides);
  if (overrides === undefined) throw refuse('its parameterOverrides are not names with text');
  return overrides;
}

async function invoke(context: CloudContext, functionArn: string, event: HookEvent): Promise<Outcome> {
  const principal = {
    kind: 'service',
    service: 'iot.amazonaws.com',
    sourceArn: event.templateArn,
    sourceAccount: context.account.accountId,
  } as const;
  const invocation = context.api.call<InvocationResponse>(principal, 'lambda', 'Invoke', {
    FunctionName: functionArn,
    InvocationType: 'RequestResponse',
    Payload: Buffer.from(JSON.stringify(event)),
  });
  return new Promise((resolve, reject) => {
    const timer = context.clock.after(HOOK_TIMEOUT, () => resolve({ late: true }));
    invocation.then(
      (answer) => {
        timer.cancel();
        resolve({ answer });
      },
      (error: unknown) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}

function parse(payload: Uint8Array | undefined): Record<string, unknown> | undefined {
  try {
    const result: unknown = JSON.parse(Buffer.from(payload ?? []).toString('utf8'));
    return typeof result === 'object' && result !== null ? (result as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function readOverrides(value: unknown): Map<string, string> | undefined {
  if (value === undefined || value === null) return new Map();
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  return entries.every(([, text]) => typeof text === 'string') ? new Map(entries as [string, string][]) : undefined;
}
