import type {
  CACertificate,
  CACertificateDescription,
  Certificate,
  CertificateDescription,
  DescribeCACertificateResponse,
  DescribeCertificateResponse,
  ListCACertificatesResponse,
  ListCertificatesResponse,
  NonCompliantResource,
} from '@aws-sdk/client-iot';
import type { Auditor } from './audit-check.ts';

const PAGE_SIZE = 250;

/** The certificate checks apply to certificates "that are ACTIVE or PENDING_TRANSFER". */
export async function* activeDeviceCertificates(auditor: Auditor): AsyncGenerator<CertificateDescription> {
  let marker: string | undefined;
  do {
    const page: ListCertificatesResponse = await auditor.call('iot', 'ListCertificates', {
      pageSize: PAGE_SIZE,
      ascendingOrder: true,
      marker,
    });
    for (const { certificateId, status } of page.certificates ?? ([] as Certificate[])) {
      if (status !== 'ACTIVE' && status !== 'PENDING_TRANSFER') continue;
      const { certificateDescription } = await auditor.call<DescribeCertificateResponse>('iot', 'DescribeCertificate', {
        certificateId,
      });
      if (certificateDescription !== undefined) yield certificateDescription;
    }
    marker = page.nextMarker;
  } while (marker !== undefined);
}

export async function* activeCaCertificates(auditor: Auditor): AsyncGenerator<CACertificateDescription> {
  let marker: string | undefined;
  do {
    const page: ListCACertificatesResponse = await auditor.call('iot', 'ListCACertificates', {
      pageSize: PAGE_SIZE,
      ascendingOrder: true,
      marker,
    });
    for (const { certificateId, status } of page.certificates ?? ([] as CACertificate[])) {
      if (status !== 'ACTIVE') continue;
      const { certificateDescription } = await auditor.call<DescribeCACertificateResponse>(
        'iot',
        'DescribeCACertificate',
        { certificateId },
      );
      if (certificateDescription !== undefined) yield certificateDescription;
    }
    marker = page.nextMarker;
  } while (marker !== undefined);
}

export function deviceCertificate(id: string | undefined, additionalInfo?: Record<string, string>) {
  return {
    resourceType: 'DEVICE_CERTIFICATE',
    resourceIdentifier: { deviceCertificateId: id },
    ...(additionalInfo === undefined ? {} : { additionalInfo }),
  } satisfies NonCompliantResource;
}

export function caCertificate(id: string | undefined, additionalInfo?: Record<string, string>) {
  return {
    resourceType: 'CA_CERTIFICATE',
    resourceIdentifier: { caCertificateId: id },
    ...(additionalInfo === undefined ? {} : { additionalInfo }),
  } satisfies NonCompliantResource;
}
