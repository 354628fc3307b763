import type { X509Certificate } from 'node:crypto';
import { BasicOCSPResponse, Certificate, OCSPRequest, OCSPResponse, type SingleResponse } from 'pkijs';
import { askResponder } from './ocsp-responder.js';

/** What the clocks of a responder and of this machine may differ by, as in Java. */
const SKEW_MS = 15 * 60_000;
const GOOD = 0;
const REVOKED = 1;

/**
 * Asks for each certificate of a proven path but the last, who is trusted as he is, whether it is revoked: the responder that
 * it names itself, by RFC 6960, without a nonce, as Java does. The answer must be signed by the issuer or by whom the issuer has
 * made his responder, and be of today. Rejects, with an error whose message goes on from "its certificate", when one is
 * revoked or when nobody says that it is not.
 */
export async function assertNotRevoked(path: readonly X509Certificate[], signal: AbortSignal): Promise<void> {
  for (const [at, certificate] of path.entries()) {
    const issuers = path.slice(at + 1);
    if (issuers.length > 0) await assertGood(certificate, issuers, signal);
  }
}

/** `issuers`: of the certificate, of that one's, and so on, up to who is trusted. */
async function assertGood(
  certificate: X509Certificate,
  issuers: readonly X509Certificate[],
  signal: AbortSignal,
): Promise<void> {
  const name = certificate.subject.replaceAll('\n', ', ');
  const url = responderOf(certificate);
  if (url === null) throw new Error(`(${name}) names no OCSP responder, and ssl.ocsp wants one asked`);
  let status: number;
  try {
    status = await statusOf(certificate, issuers, url, signal);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`(${name}) may be revoked, for ${url} does not tell: ${why}`, { cause });
  }
  if (status === REVOKED) throw new Error(`(${name}) is revoked, says ${url}`);
  if (status !== GOOD) throw new Error(`(${name}) is not known to ${url}`);
}

/** The first that the extension "authority information access" names. */
function responderOf({ infoAccess }: X509Certificate): string | null {
  return /^OCSP - URI:(https?:\/\/\S+)$/im.exec(infoAccess ?? '')?.[1] ?? null;
}

async function statusOf(
  certificate: X509Certificate,
  issuers: readonly X509Certificate[],
  url: string,
  signal: AbortSignal,
): Promise<number> {
  const path = issuers.map(({ raw }) => Certificate.fromBER(raw));
  const [issuer] = path as [Certificate];
  const request = new OCSPRequest();
  await request.createForCertificate(Certificate.fromBER(certificate.raw), {
    hashAlgorithm: 'SHA-1',
    issuerCertificate: issuer,
  });
  const bytes = Buffer.from(request.toSchema(true).toBER());
  const answer = await askResponder(url, bytes, signal);
  const single = await proven(answer, request, path);
  assertPresent(single);
  return (single.certStatus as { idBlock: { tagNumber: number } }).idBlock.tagNumber;
}

/** What the answer tells of the certificate asked for, once it is known who has signed it. */
async function proven(answer: Buffer, request: OCSPRequest, issuers: readonly Certificate[]): Promise<SingleResponse> {
  const [issuer, anchor] = [issuers[0], issuers.at(-1)] as [Certificate, Certificate];
  const response = OCSPResponse.fromBER(answer);
  const status = response.responseStatus.valueBlock.valueDec;
  if (status !== 0 || response.responseBytes === undefined) throw new Error(`it answers ${STATUS[status] ?? status}`);
  const basic = BasicOCSPResponse.fromBER(response.responseBytes.response.valueBlock.valueHexView);
  // An issuer who answers himself need not send his certificate.
  basic.certs = [...(basic.certs ?? []), issuer];
  const isSigned = await basic.verify({
    trustedResponders: [issuer],
    issuerCerts: [...issuers],
    trustedCerts: [anchor],
  });
  if (!isSigned) throw new Error('its signature is wrong');
  const asked = request.tbsRequest.requestList[0]?.reqCert;
  const single = basic.tbsResponseData.responses.find(({ certID }) => asked !== undefined && certID.isEqual(asked));
  if (single === undefined) throw new Error('it answers for another certificate');
  return single;
}

/** An answer counts from `thisUpdate` until `nextUpdate`; without the latter, only at once. */
function assertPresent({ thisUpdate, nextUpdate }: SingleResponse): void {
  const nowMs = Date.now();
  if (thisUpdate.getTime() > nowMs + SKEW_MS)
    throw new Error(`its answer is of ${thisUpdate.toISOString()}, which is to come`);
  const until = nextUpdate ?? thisUpdate;
  if (until.getTime() < nowMs - SKEW_MS) throw new Error(`its answer is stale since ${until.toISOString()}`);
}

/** OCSPResponseStatus of RFC 6960. */
const STATUS: Readonly<Record<number, string>> = {
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
};

/**
 * The way from the certificate that was shown to the one that is trusted, both included. `sent`: what the other side sent, its
 * own certificate first; the handshake has proven that there is such a way.
 */
export function pathOf(sent: readonly X509Certificate[], trusted: readonly X509Certificate[]): X509Certificate[] {
  const path = sent.slice(0, 1);
  for (let last = path[0]; last !== undefined;) {
    const current = last;
    if (trusted.some(({ raw }) => raw.equals(current.raw))) return path;
    last = [...trusted, ...sent].find((one) => !path.includes(one) && isIssuedBy(current, one));
    if (last !== undefined) path.push(last);
  }
  throw new Error('has an issuer who is not known here');
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
