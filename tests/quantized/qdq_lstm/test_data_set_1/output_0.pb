
By0J(‡u†a—®t¸‘’Ey{l¬ezyyy2yr‡´ÝCyBycwx‹Õ‚¤