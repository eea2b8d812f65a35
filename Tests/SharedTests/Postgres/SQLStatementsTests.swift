import Testing

@testable import Shared

@Suite struct SQLStatementsTests {
    private func split(_ sql: String) -> [String] { SQLStatements.split(sql.utf8) }

    @Test func eachEndsWithItsSemicolon() {
        #expect(split("select 1;\n  select 2 ;select 3") == ["select 1", "select 2", "select 3"])
        #expect(split(" ;; \n;") == [] && split("") == [])
    }

    @Test func quotesKeepTheirSemicolons() {
        #expect(split("select 'a;''b;', \"c;\"\"d\";select 2") == ["select 'a;''b;', \"c;\"\"d\"", "select 2"])
    }

    @Test func dollarQuotesToo() {
        let block = "do $$ begin perform 1; perform '$'; end $$"
        #expect(split("\(block);\nselect 1;") == [block, "select 1"])
        let function = "create function f() returns int language sql as $body$ select 1; $$;$$ $body$"
        #expect(split("\(function);select $1;") == [function, "select $1"])
    }

    @Test func commentsAreNoStatements() {
        #expect(split("-- a; b\nselect 1; -- c;\n-- d") == ["select 1"])
        #expect(split("/* a; /* b; */ c; */ select 1 /* ; */ + 1;") == ["select 1 /* ; */ + 1"])
        #expect(split("select 1 - 1; select 4 / 2;") == ["select 1 - 1", "select 4 / 2"])
    }

    @Test(arguments: ["select 'a", "select $$a", "select /* a", "select \"", "select $a", "-", "/", "$", "'"])
    func whatIsCutOffEnds(sql: String) {
        #expect(split(sql).count == 1 || sql == "-" || sql == "/")
    }
}
