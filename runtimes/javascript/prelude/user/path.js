// The module `path`, for paths with slashes.

const check = (path) => {
  if (typeof path !== 'string') throw new TypeError(`The "path" argument must be of type string. Received ${typeof path}`);
  return path;
};

function segments(path, absolute) {
  const kept = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') kept.push(segment);
    else if (kept.length > 0 && kept[kept.length - 1] !== '..') kept.pop();
    else if (!absolute) kept.push('..');
  }
  return kept.join('/');
}

export const path = {
  sep: '/', delimiter: ':',
  isAbsolute: (name) => check(name).startsWith('/'),
  normalize(name) {
    if (check(name) === '') return '.';
    const absolute = name.startsWith('/');
    const inner = segments(name, absolute);
    return (absolute ? '/' : '') + (inner || (absolute ? '' : '.')) + (name.endsWith('/') && inner ? '/' : '');
  },
  join(...names) {
    const joined = names.filter((name) => check(name) !== '').join('/');
    return joined === '' ? '.' : path.normalize(joined);
  },
  resolve(...names) {
    let whole = '';
    for (const name of ['/work', ...names]) if (check(name) !== '') whole = name.startsWith('/') ? name : `${whole}/${name}`;
    return `/${segments(whole, true)}`;
  },
  relative(from, to) {
    const a = path.resolve(from).split('/').filter(Boolean), b = path.resolve(to).split('/').filter(Boolean);
    let same = 0;
    while (same < a.length && same < b.length && a[same] === b[same]) same++;
    return [...a.slice(same).map(() => '..'), ...b.slice(same)].join('/');
  },
  dirname(name) {
    const trimmed = check(name).replace(/(?<=.)\/+$/, ''), slash = trimmed.lastIndexOf('/');
    return slash < 0 ? '.' : slash === 0 ? '/' : trimmed.slice(0, slash).replace(/(?<=.)\/+$/, '');
  },
  basename(name, suffix) {
    const base = check(name).replace(/\/+$/, '').replace(/^.*\//s, '');
    return suffix && base.endsWith(suffix) && base !== suffix ? base.slice(0, -suffix.length) : base;
  },
  extname(name) {
    const base = path.basename(name), dot = base.lastIndexOf('.');
    return dot <= 0 || base === '..' ? '' : base.slice(dot);
  },
  parse(name) {
    const base = path.basename(name), ext = path.extname(name), root = check(name).startsWith('/') ? '/' : '';
    const dir = name.includes('/') ? path.dirname(name) : '';
    return { root, dir, base, ext, name: ext ? base.slice(0, -ext.length) : base };
  },
  format: ({ root = '', dir, base, name = '', ext = '' }) => {
    const file = base ?? name + (ext && !ext.startsWith('.') ? `.${ext}` : ext);
    return dir ? (dir === root ? `${dir}${file}` : `${dir}/${file}`) : root + file;
  },
};
path.posix = path;
