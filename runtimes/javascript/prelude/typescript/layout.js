// The writer that TypeScript's printer writes to. It puts every token where the person wrote it: what the printer knows the place of
// is moved there by line breaks and spaces, so that types leave blanks, and lines and columns of errors are those of the source.
// Where that cannot be, behind what TypeScript adds (an assignment of a parameter property) or moves (a decorator), a comment
// tells the place, which the engine goes by (patches/written-places.patch).

/** Behind these a line break would end the statement or mean something else. */
const unbroken = new Set(['return', 'throw', 'yield', 'break', 'continue', 'async', 'accessor', 'static', 'get', 'set', 'await']);
/** Tokens that an error can happen at. */
const telling = /^[\w$#"'`([{\u0080-\uffff]/;
/** How the functions begin that TypeScript puts before a program. */
const helper = /^var __\w+ = /;
/** Further away than so many lines, a comment is shorter. */
const FAR = 99;
const isBlank = (text) => /^\s*$/.test(text);

export class Layout {
  text = '';
  line = 0;
  column = 0;
  aim = -1; // where the next token stands in the source
  blank = false; // whether something must stand between the last token and the next
  last = '';
  still = 0; // while above 0, places are not taken from the source: what is printed comes from further on

  /** `starts`: offsets of the source's lines; `first`: the number of the first. */
  constructor(starts, first) {
    this.starts = starts;
    this.first = first;
  }

  /** Where the next token stands in the source. */
  moveTo(offset) {
    if (this.still === 0) this.aim = offset;
  }

  /** The line of the offset that is aimed at. */
  #lineOfAim() {
    const { starts, aim } = this;
    let line = aim < starts[this.line] ? 0 : this.line;
    if (line === 0 && this.line > 0) {
      for (let end = this.line; end - line > 1;) {
        const middle = (line + end) >> 1;
        if (starts[middle] <= aim) line = middle;
        else end = middle;
      }
    } else {
      while (line + 1 < starts.length && starts[line + 1] <= aim) line++;
    }
    return line;
  }

  #space() {
    this.text += ' ';
    this.column++;
  }

  #advance(next) {
    const blank = this.blank && this.text !== '';
    this.blank = false;
    if (this.aim < 0) {
      if (blank) this.#space();
      if (helper.test(next)) { // frames of line 0 are not shown
        this.text += '/*\u00010:0*/';
        this.line = -this.first;
        this.column = 0;
      }
      return;
    }
    const line = this.#lineOfAim(), column = this.aim - this.starts[line], ahead = line - this.line;
    this.aim = -1;
    if (ahead > 0 && ahead <= FAR && next !== '=>' && !unbroken.has(this.last)) {
      this.text += '\n'.repeat(ahead) + ' '.repeat(column);
    } else if (ahead === 0 && column > this.column) {
      this.text += ' '.repeat(column - this.column);
    } else {
      if (blank) this.#space();
      if ((ahead === 0 && column === this.column) || !telling.test(next)) return;
      this.text += `/*\u0001${line + this.first}:${column}*/`;
    }
    this.line = line;
    this.column = column;
  }

  write = (text) => {
    if (text === '') return;
    if (isBlank(text)) {
      this.blank = true;
      return;
    }
    this.#advance(text);
    this.text += text;
    this.last = text;
    const end = text.lastIndexOf('\n');
    if (end < 0) {
      this.column += text.length;
      return;
    }
    for (let at = -1; (at = text.indexOf('\n', at + 1)) >= 0;) this.line++;
    this.column = text.length - end - 1;
  };

  /** What the person wrote at this place, as it is. */
  copy(text, offset) {
    this.moveTo(offset);
    this.write(text);
  }

  rawWrite = this.write;
  writeLiteral = this.write;
  writeKeyword = this.write;
  writeOperator = this.write;
  writeParameter = this.write;
  writeProperty = this.write;
  writePunctuation = this.write;
  writeSpace = this.write;
  writeStringLiteral = this.write;
  writeSymbol = this.write;
  writeTrailingSemicolon = this.write;
  writeComment = () => {};
  writeLine = () => { this.blank = true; };
  increaseIndent() {}
  decreaseIndent() {}
  clear() {}
  getIndent = () => 0;
  getTextPos = () => this.text.length;
  getLine = () => this.line;
  getColumn = () => this.column;
  getText = () => this.text;
  isAtStartOfLine = () => false;
  hasTrailingComment = () => false;
  hasTrailingWhitespace = () => this.blank;
}
