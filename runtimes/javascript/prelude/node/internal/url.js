// What Node's `url` asks of its WHATWG part; here that is whatwg-url (user/url.js).
import path from 'path';
import { toASCII, toUnicode } from 'tr46';
import { URL, URLSearchParams } from '../../user/url.js';
import { codes } from 'internal/errors';

const withColons = (...names) => new Set([...names, ...names.map((name) => `${name}:`)]);
const escaped = { '%': '%25', '\\': '%5C', '\n': '%0A', '\r': '%0D', '\t': '%09', '?': '%3F', '#': '%23' };

export { URL, URLSearchParams };
export const unsafeProtocol = withColons('javascript');
export const hostlessProtocol = withColons('javascript');
export const slashedProtocol = withColons('http', 'https', 'ftp', 'gopher', 'file', 'ws', 'wss');
export const isURL = (value) => Boolean(value?.href && value.protocol && value.auth === undefined && value.path === undefined);
export const domainToASCII = (domain) => toASCII(`${domain}`) ?? '';
export const domainToUnicode = (domain) => toUnicode(`${domain}`).domain;

export function urlToHttpOptions(url) {
  const { hostname, pathname, port, username, password, search } = url;
  const options = {
    __proto__: null, ...url, protocol: url.protocol, hostname: hostname?.startsWith('[') ? hostname.slice(1, -1) : hostname, hash: url.hash,
    search, pathname, path: `${pathname || ''}${search || ''}`, href: url.href,
  };
  if (port !== '') options.port = Number(port);
  if (username || password) options.auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return options;
}

export function fileURLToPath(url) {
  if (typeof url === 'string') url = new URL(url);
  else if (!isURL(url)) throw new codes.ERR_INVALID_ARG_TYPE('path', ['string', 'URL'], url);
  if (url.protocol !== 'file:') throw new codes.ERR_INVALID_URL_SCHEME('file');
  if (url.hostname !== '') throw new codes.ERR_INVALID_FILE_URL_HOST('linux');
  if (/%2f/i.test(url.pathname)) throw new codes.ERR_INVALID_FILE_URL_PATH('must not include encoded / characters');
  return decodeURIComponent(url.pathname);
}

export function pathToFileURL(file) {
  const resolved = path.resolve(file) + (file.endsWith('/') && file !== '/' ? '/' : '');
  return new URL(`file://${resolved.replace(/[%\\\n\r\t?#]/g, (character) => escaped[character])}`);
}

export const toPathIfFileURL = (fileURLOrPath) => (isURL(fileURLOrPath) ? fileURLToPath(fileURLOrPath) : fileURLOrPath);
