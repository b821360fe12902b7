// How many columns of a terminal a text takes, which Node asks ICU.
const wide = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const none = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;
const { apply } = Reflect, { exec } = RegExp.prototype;
const has = (pattern, character) => apply(exec, pattern, [character]) !== null;

export function getStringWidth(text) {
  let width = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at), character = String.fromCodePoint(code);
    if (code > 0xffff) at++;
    width += has(wide, character) ? 2 : has(none, character) ? 0 : 1;
  }
  return width;
}
