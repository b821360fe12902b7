globalThis.print = console.log; globalThis.gc = () => { let kept = []; for (let i = 0; i < 60000; i++) kept.push([{ i }]); }; globalThis.qjs = { getStringKind: (text) => +(text.length > 1024) };
