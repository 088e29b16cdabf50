import type { Admission } from '../shared/read-admission.ts';
import { hookRequestSchema, parametersSchema } from './schema.ts';

export type Refusal =
  | 'INVALID_REQUEST'
  | 'INVALID_PARAMETERS'
  | 'FOREIGN_TEMPLATE'
  | 'SITE_NOT_CONFIGURED'
  | 'DEVICE_TYPE_NOT_CONFIGURED'
  | 'DENIED'
  | 'NOT_LISTED'
  | 'LISTED_FOR_ANOTHER_PLACE'
  | 'LOOKUP_FAILED';

export interface Decision {
  readonly allowed: boolean;
  readonly refusal?: Refusal;
  /** For the log: never a certificate's text, never a key. */
  readonly detail?: string;
  readonly serialNumber?: string;
  readonly site?: string;
  readonly deviceType?: string;
}

export interface DecisionSettings {
  readonly admission: 'open' | 'list';
  readonly sites: ReadonlySet<string>;
  readonly deviceTypes: ReadonlySet<string>;
  readonly templateArn: string;
}

export interface DecisionPorts {
  /**
   * Entry of a serial number, read consistently; undefined when there is none.
   * Rejects when the table cannot answer in time.
   */
  findAdmission(serialNumber: string): Promise<Admission | undefined>;
}

/** Decides whether a device may register. Whatever is not certain is refused; it never rejects. */
export async function decideProvisioning(
  event: unknown,
  settings: DecisionSettings,
  ports: DecisionPorts,
): Promise<Decision> {
  const request = hookRequestSchema.safeParse(event);
  if (!request.success) return { allowed: false, refusal: 'INVALID_REQUEST', detail: request.error.message };
  if (request.data.templateArn !== settings.templateArn) {
    return { allowed: false, refusal: 'FOREIGN_TEMPLATE', detail: request.data.templateArn };
  }
  const parameters = parametersSchema.safeParse(request.data.parameters);
  if (!parameters.success) return { allowed: false, refusal: 'INVALID_PARAMETERS', detail: parameters.error.message };

  const { SerialNumber: serialNumber, Site: site, DeviceType: deviceType } = parameters.data;
  const device = { serialNumber, site, deviceType };
  if (!settings.sites.has(site)) return { allowed: false, refusal: 'SITE_NOT_CONFIGURED', ...device };
  if (!settings.deviceTypes.has(deviceType)) {
    return { allowed: false, refusal: 'DEVICE_TYPE_NOT_CONFIGURED', ...device };
  }

  let admission: Admission | undefined;
  try {
    admission = await ports.findAdmission(serialNumber);
  } catch (error) {
    const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { allowed: false, refusal: 'LOOKUP_FAILED', detail, ...device };
  }
  if (admission?.status === 'denied') return { allowed: false, refusal: 'DENIED', ...device };
  if (admission === undefined) {
    return settings.admission === 'open'
      ? { allowed: true, ...device }
      : { allowed: false, refusal: 'NOT_LISTED', ...device };
  }
  if ((admission.site ?? site) !== site || (admission.deviceType ?? deviceType) !== deviceType) {
    return { allowed: false, refusal: 'LISTED_FOR_ANOTHER_PLACE', ...device };
  }
  return { allowed: true, ...device };
}
