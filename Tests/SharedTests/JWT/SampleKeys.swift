/// Throw-away keys, and tokens that were signed with them by the openssl command; they end in 2100.
///
/// Each token says: `sub` 00000000-0000-4000-8000-00000000000a, `iss` issuer, `aud` parley and other.
enum SampleKeys {
    static let expiry: Int64 = 4_102_444_800

    static let rsa = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApYqxJx4YgBRTr/JjQbmW
        dZP3ITLEKXk+04zO3vPJjcGLOWoA43dVVw/8M9m/fnbTW+YoWRugCFrhAT5snsSF
        3zWzWISGsjR8ChKQ55ulMuM8rTXyWJIDx4VLcWv6dCIDB3VFro8QtSYbtM/xRozz
        FKFPyBUjDBKHi4HXwpCfpil/8zlBvKtl9VqT9aMhWBrUHdOQ5AucUycd1yRSa5vA
        J6gTFfJVUnbwphNsqhKoD7IwOod14b79RwX42INOCzv1di6FN/H4++UlU3LCgSZe
        CO4518su1YFzZ1AXYZ0fA81CWXJh3h7Knq7PwUz2H9o5tvRNKoWn4BVlNEIcpQD/
        +wIDAQAB
        -----END PUBLIC KEY-----
        """

    static let p256 = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEnRKzM1Mze0F4Niv2Xv7Le4EvLJIk
        QZxXqRB28xA7YJdzKnrGkfs/J6SWa+Xj2/6bEWIsr+ucDT6AT49akn/NMQ==
        -----END PUBLIC KEY-----
        """

    static let ed25519 = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAwOOqJvLl65/5bEbBxFwupOEuaBaUnZqKvkbkBVE0k9U=
        -----END PUBLIC KEY-----
        """

    static let shortRSA = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDGBu/pBMpnGB9yQIRtRWp3EpEl
        EYph1p1abUV/TcRfk+o3AgYgaJ9/hAwGF0iK/X62SWDl8OCv7Z/OLgAnYWbTDfBL
        iPPXtAj0y1HeWOlkphY5bxwQ57DUYOJCtUPWixGmS7hFNieM4zKJNyUL+JQwqXGG
        q/gGECqaBJBqaQGvhQIDAQAB
        -----END PUBLIC KEY-----
        """

    static let rs256Token = """
        eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwM\
        DAwMGEiLCJleHAiOjQxMDI0NDQ4MDAsImlzcyI6Imlzc3VlciIsImF1ZCI6WyJwYXJsZXkiLCJvdGhlciJdfQ.NHTM\
        aWOKOHWuLI6wA-X9gWKcfPnscnOlomjxB-E5cveCBo1ucdOVYEPIT_qFX-Ur2ZLCUH0ZkmAJUizkjnxR3vesSWnyun\
        Ia7tV0QeASIOEPRAlxo22Cy5gCpWO3a5fReZ-jgkPf_peqCQbT2bWJ5YRcZOAhRUYzmQ30meff2CDfNegHuvzv_NBP\
        wj0IRc9j1OM_On3w7pQB9SErBoEwSvRPCQNGhyN06pv45UF3spFgl1oUQn3KYRjvvdkxlqfV2KMySkgVSPCVMdPmbV\
        AYbOlmRPFgaNY1NrR0k6odp9Mkf_z0jDl6ZGg0dBVwI6jMqaTEzyRwI3E1tbQfqT6bJw
        """

    static let es256Token = """
        eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwM\
        DAwMGEiLCJleHAiOjQxMDI0NDQ4MDAsImlzcyI6Imlzc3VlciIsImF1ZCI6WyJwYXJsZXkiLCJvdGhlciJdfQ.Gbhl\
        X17mzsuuxSKzktgVOMs60J1GdKgJZvFHRGomXSJwe3deEENTR46x1_DJMx_TIQcZQ0-O4VvzNtaIgXEqOA
        """

    static let edDSAToken = """
        eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwM\
        DAwMGEiLCJleHAiOjQxMDI0NDQ4MDAsImlzcyI6Imlzc3VlciIsImF1ZCI6WyJwYXJsZXkiLCJvdGhlciJdfQ.sB6S\
        mNZiaAaKqqXcV21PnKZRw8VQ8EjYOUzS45U7bWhz4RikeQkmwFBhz_HFTv60enP64O0qlpJPIZbY84KzBQ
        """

    /// The key of RFC 7515, appendix A.2.
    static let standardRSA = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj
        NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz
        P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo
        9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB
        EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX
        FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp
        oQIDAQAB
        -----END PUBLIC KEY-----
        """

    /// The key of RFC 7515, appendix A.3.
    static let standardP256 = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7
        6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
        -----END PUBLIC KEY-----
        """

    static let standardRS256Signature = """
        cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-\
        0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--\
        f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--\
        xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhW\
        kWywlVmtVrBp0igcN_IoypGlUPQGe77Rw
        """

    static let standardES256Signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
}
