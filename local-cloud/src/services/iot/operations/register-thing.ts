import type {
  CreateCertificateFromCsrResponse,
  RegisterCertificateResponse,
  RegisterThingRequest,
  RegisterThingResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import type { IotService } from '../iot-service.ts';
import { MAX_TEMPLATE_BODY_LENGTH } from '../limits.ts';
import { registerResources } from '../provisioning/register-resources.ts';
import {
  type CertificateSource,
  certificateSource,
  planRegistration,
  type RegistrationPlan,
  templateParameters,
} from '../provisioning/registration-plan.ts';
import { ProvisioningRejection } from '../provisioning/rejection.ts';
import { parseTemplate } from '../provisioning/template-document.ts';
import { requireText } from '../registry/validation.ts';

/**
 * Provisions one thing from a template (developer guide, `single-thing-provisioning`). What the template declares is made
 * with the caller's permissions.
 */
export function registerThingOperation(service: IotService): Operation<RegisterThingRequest, RegisterThingResponse> {
  return {
    name: 'RegisterThing',
    authorize: () => [{ action: 'iot:RegisterThing', resource: '*' }],
    async handle(input, { principal }) {
      requireText('templateBody', input.templateBody, 1, MAX_TEMPLATE_BODY_LENGTH);
      const template = parseTemplate(input.templateBody, 'REGISTRATION');
      const given = new Map(Object.entries(input.parameters ?? {}));
      const parameters = templateParameters(template, given, undefined);
      const source = certificateSource(template, parameters);
      const planned = planRegistration(template, parameters);
      const { certificateId, plan } = await prepareCertificate(service, principal, source, planned);
      const { state } = service.registry;
      const made = await registerResources(service.context, principal, certificateId, plan).catch(conflicts);
      await service.context.store.durable();
      const resourceArns: Record<string, string> = {};
      if (template.thing !== undefined && made.thingName !== undefined) {
        resourceArns[template.thing.logicalName] = state.arn('thing', made.thingName);
      }
      if (template.certificate !== undefined && certificateId !== undefined) {
        resourceArns[template.certificate.logicalName] = state.arn('cert', certificateId);
      }
      for (const [index, policyName] of made.policyNames.entries()) {
        const { logicalName } = template.policies[index] as { logicalName: string };
        resourceArns[logicalName] = state.arn('policy', policyName);
      }
      const certificate = certificateId === undefined ? undefined : state.certificates.get(certificateId);
      return { ...(certificate === undefined ? {} : { certificatePem: certificate.pem }), resourceArns };
    },
  };
}

/** A certificate that is made for the template stays inactive until all else is done. */
async function prepareCertificate(
  service: IotService,
  principal: Principal,
  source: CertificateSource | undefined,
  plan: RegistrationPlan,
): Promise<{ certificateId: string | undefined; plan: RegistrationPlan }> {
  const { api } = service.context;
  if (source === undefined) return { certificateId: undefined, plan };
  if ('id' in source) return { certificateId: source.id, plan };
  const made =
    'csr' in source
      ? await api.call<CreateCertificateFromCsrResponse>(principal, 'iot', 'CreateCertificateFromCsr', {
          certificateSigningRequest: source.csr,
        })
      : await api.call<RegisterCertificateResponse>(principal, 'iot', 'RegisterCertificate', {
          certificatePem: source.pem,
          caCertificatePem: source.caPem,
        });
  const { status = 'ACTIVE' } = plan.certificate ?? {};
  return { certificateId: made.certificateId, plan: { ...plan, certificate: { status, override: 'REPLACE' } } };
}

/** API RegisterThing: ConflictingResourceUpdateException (409). */
function conflicts(error: unknown): never {
  if (!(error instanceof ProvisioningRejection)) throw error;
  throw new AwsError('ConflictingResourceUpdateException', error.message, 409, { cause: error });
}
