// internalBinding('url'): what Node has from ada, by whatwg-url, the standard's own implementation. A URL is told as its text and where
// its parts begin, in ada's way.
import { basicURLParse, cannotHaveAUsernamePasswordPort, hasAnOpaquePath, serializeHost, serializePath, serializeURL, serializeURLOrigin,
  setThePassword, setTheUsername } from 'whatwg-url/lib/url-state-machine';
import { toUnicode } from 'tr46';

const schemes = { __proto__: null, http: 0, https: 2, ws: 3, ftp: 4, wss: 5, file: 6 };
const OMITTED = 0xffffffff;
const { apply } = Reflect, { exec } = RegExp.prototype, { split } = String.prototype;
const urlComponents = new Uint32Array(9);

/** The text of a URL; its parts go to urlComponents. */
function told(url) {
  const { scheme, username, password, host, port, query, fragment } = url;
  const href = serializeURL(url), path = serializePath(url), parts = urlComponents;
  let at = parts[0] = scheme.length + 1;
  if (host === null) {
    parts[1] = parts[2] = parts[3] = at;
    if (!hasAnOpaquePath(url) && url.path.length > 1 && url.path[0] === '') at += 2; // "/." keeps an empty first part from being a host
  } else {
    at += 2;
    at = parts[1] = at + username.length;
    if (password !== '') at += 1 + password.length;
    parts[2] = at;
    if (username !== '' || password !== '') at++;
    at = parts[3] = at + serializeHost(host).length;
    if (port !== null) at += 1 + `${port}`.length;
  }
  parts[4] = port ?? OMITTED;
  parts[5] = at;
  at += path.length;
  parts[6] = query === null ? OMITTED : at;
  if (query !== null) at += 1 + query.length;
  parts[7] = fragment === null ? OMITTED : at;
  parts[8] = schemes[scheme] ?? 1;
  return href;
}

// What most addresses look like: nothing in them is to be changed, so they need not go through the standard's machine, which takes them
// letter by letter. (The last part of the host begins with a letter: it is no number of four parts.)
const plain = /^(https?|wss?):\/\/(?!(?:[a-z0-9-]+\.)*xn--)((?:[a-z0-9-]+\.)*[a-z][a-z0-9-]*)(?::([1-9][0-9]{0,3}))?((?:\/(?!\.|%2[Ee])[\w\-~!$&()*+,;=:@%.]*)*)(?:\?([\w\-~!$&()*+,;=:@%./?]*))?(?:#([\w\-~!$&()*+,;=:@%./?]*))?$/;
const ports = { __proto__: null, http: 80, https: 443, ws: 80, wss: 443 };

function record(input) {
  const found = apply(exec, plain, [input]);
  if (found === null) return basicURLParse(input);
  const scheme = found[1], port = found[3] === undefined ? null : +found[3], path = found[4];
  return {
    scheme, username: '', password: '', host: found[2], port: port === ports[scheme] ? null : port, path: path === '' ? [''] : apply(split, path.slice(1), ['/']),
    query: found[5] ?? null, fragment: found[6] ?? null,
  };
}

function parsed(input, base) {
  if (base === undefined) return record(input);
  const baseURL = record(base);
  return baseURL && basicURLParse(input, { baseURL });
}

const part = (url, text, stateOverride) => basicURLParse(text, { url, stateOverride });
const withoutMark = (text, mark) => (text[0] === mark ? text.slice(1) : text);
// In the order of Node's actions; false: it cannot be changed.
const setters = [
  function protocol(url, text) { part(url, `${text}:`, 'scheme start'); },
  function host(url, text) { return !hasAnOpaquePath(url) && part(url, text, 'host'); },
  function hostname(url, text) { return !hasAnOpaquePath(url) && part(url, text, 'hostname'); },
  function port(url, text) {
    if (cannotHaveAUsernamePasswordPort(url)) return;
    if (text === '') url.port = null;
    else part(url, text, 'port');
  },
  function username(url, text) { if (!cannotHaveAUsernamePasswordPort(url)) setTheUsername(url, text); },
  function password(url, text) { if (!cannotHaveAUsernamePasswordPort(url)) setThePassword(url, text); },
  function pathname(url, text) {
    if (hasAnOpaquePath(url)) return;
    url.path = [];
    part(url, text, 'path start');
  },
  function search(url, text) {
    url.query = text === '' ? null : '';
    if (text !== '') part(url, withoutMark(text, '?'), 'query');
  },
  function hash(url, text) {
    url.fragment = text === '' ? null : '';
    if (text !== '') part(url, withoutMark(text, '#'), 'fragment');
  },
];
const HREF = setters.length;

const hostOf = (domain) => {
  const url = basicURLParse('ws://x');
  url.host = '';
  return part(url, domain, 'hostname') === null ? '' : serializeHost(url.host);
};

export const url = {
  urlComponents,
  parse(input, base, throws) {
    const url = parsed(input, base);
    if (url !== null) return told(url);
    if (!throws) return undefined;
    const error = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input });
    if (base !== undefined) error.base = base;
    throw error;
  },
  update(href, action, text) {
    const url = record(action === HREF ? text : href);
    if (url === null) return false;
    if (action !== HREF) setters[action](url, text);
    return told(url);
  },
  canParse: (input, base) => parsed(input, base) !== null,
  getOrigin(input) { return serializeURLOrigin(parsed(input)); },
  domainToASCII: hostOf,
  domainToUnicode: (domain) => toUnicode(hostOf(domain)).domain,
  format(href, fragment, unicode, search, auth) {
    const url = basicURLParse(href);
    if (!fragment) url.fragment = null;
    if (!search) url.query = null;
    if (!auth) url.username = url.password = '';
    if (unicode && typeof url.host === 'string') url.host = toUnicode(url.host).domain;
    return serializeURL(url);
  },
};
