
function main({arg1, arg2}) {
    return {
        result: arg1 + arg2
    }
}
