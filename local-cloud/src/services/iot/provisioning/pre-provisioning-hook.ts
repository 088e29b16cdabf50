import { messageOf } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { invokeFunction } from '../invoke-function.ts';
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
  const result = await invokeFunction(context, functionArn, event.templateArn, event, HOOK_TIMEOUT).catch(
    (error: unknown) => {
      throw refuse(messageOf(error));
    },
  );
  if (result.allowProvisioning !== true) throw refuse('it did not return "allowProvisioning": true');
  const overrides = readOverrides(result.parameterOverrides);
  if (overrides === undefined) throw refuse('its parameterOverrides are not names with text');
  return overrides;
}

function readOverrides(value: unknown): Map<string, string> | undefined {
  if (value === undefined || value === null) return new Map();
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  return entries.every(([, text]) => typeof text === 'string') ? new Map(entries as [string, string][]) : undefined;
}
